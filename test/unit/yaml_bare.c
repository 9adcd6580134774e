/* SPDX-License-Identifier: MIT */
/* Tests lists of bare values, [desk, lab], and numbers that may be absent, of
 * hv/store/yaml*. */
#include <stdlib.h>
#include <string.h>

#include "../../hv/store/yaml.h"
#include "../../hv/store/yaml_locate.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

struct rider {
    char name[8];
};

struct colour {
    uint32_t colour;
};

struct ticket {
    uint64_t price; /* 0: none was said */
    uint32_t n_riders, n_colours;
    struct rider riders[3];
    struct colour colours[2];
};

static const char *const colours[] = {"red", "green", NULL};

#define MEMBER(type, m) offsetof(struct type, m), sizeof(((struct type *)0)->m)

static const struct hd_field rider_fields[] = {
    {"name", HD_T_NAME, HD_F_REQUIRED, MEMBER(rider, name), .doc = ""}};
static const struct hd_table rider_table = {"rider", sizeof(struct rider),
                                            rider_fields, 1};
static const struct hd_field colour_fields[] = {
    {"colour", HD_T_ENUM, 0, MEMBER(colour, colour), .names = colours}};
static const struct hd_table colour_table = {"colour", sizeof(struct colour),
                                             colour_fields, 1};
static const struct hd_field ticket_fields[] = {
    {"price", HD_T_UINT, HD_F_OPTIONAL, MEMBER(ticket, price), .min = 5,
     .max = 9},
    {"riders", HD_T_LIST, HD_F_BARE, MEMBER(ticket, riders),
     offsetof(struct ticket, n_riders), .max = 3, .sub = &rider_table},
    {"colours", HD_T_LIST, HD_F_BARE | HD_F_REQUIRED, MEMBER(ticket, colours),
     offsetof(struct ticket, n_colours), .min = 1, .max = 2,
     .sub = &colour_table},
};
static const struct hd_table ticket_table = {"ticket", sizeof(struct ticket),
                                             ticket_fields,
                                             HD_ARRAY_LEN(ticket_fields)};

static int parse(const char *text, struct ticket *t, struct hd_err *err)
{
    return hd_yaml_read(text, strlen(text), &ticket_table, 0, HD_E_BAD_MANIFEST,
                        t, err);
}

static void a_list_of_bare_values_is_read_in_both_styles(void)
{
    static const char *const list[] = {
        "riders: [ann, \"b.2\"]\ncolours: [green]\n",
        "riders:\n- ann\n- 'b.2'\ncolours:\n  - green\n",
    };

    for (size_t i = 0; i < HD_ARRAY_LEN(list); i++) {
        struct hd_err err = {0};
        struct ticket t;

        CHECK_OK(parse(list[i], &t, &err), &err);
        CU_ASSERT_EQUAL(t.n_riders, 2);
        CU_ASSERT_STRING_EQUAL(t.riders[0].name, "ann");
        CU_ASSERT_STRING_EQUAL(t.riders[1].name, "b.2");
        CU_ASSERT_EQUAL(t.n_colours, 1);
        CU_ASSERT_EQUAL(t.colours[0].colour, 1);
        CU_ASSERT_EQUAL(t.price, 0);
    }
}

static void a_bare_value_is_judged_like_one_under_a_key(void)
{
    static const struct {
        const char *text, *words;
    } list[] = {
        {"riders: [ann, Bob]", "line 1, column 15: riders: \"Bob\" is not a "
                               "name of a-z"},
        {"riders: [ann, abcdefgh]", "line 1, column 15: riders: 8 characters"},
        {"riders: [\"\"]", "line 1, column 10: riders: \"\" is not a name"},
        {"riders: [\"a\\nb\"]", "riders: \"a?b\" is not a name"},
        {"riders: [~]", "line 1, column 10: riders: \"~\" is not a name"},
        {"riders:\n-\n- a", "riders: the value is missing"},
        {"riders: [{name: ann}]",
         "line 1, column 10: riders: a rider expected here"},
        {"riders: [[ann]]", "line 1, column 10: riders: a rider expected here"},
        {"riders: ann", "line 1, column 9: riders: a list expected here"},
        {"riders: {name: ann}", "riders: a list expected here"},
        {"riders: [a, b, c, d]", "line 1, column 19: riders: more than 3"},
        {"riders: [&x a]", "line 1, column 10: anchors are not allowed"},
        {"riders: [*x]", "aliases are not allowed"},
        {"riders: [!!str a]", "tags are not allowed"},
        {"riders: [a", "line 2, column 1: did not find expected"},
        {"colours: [blue]",
         "line 1, column 11: colours: \"blue\" is not one of: red, green"},
        {"colours: []", "line 1, column 10: colours: fewer than 1"},
        {"riders: [a]", "this ticket has no \"colours\""},
        {"riders: [a]\nriders: [b]", "the key \"riders\" stands twice"},
    };

    for (size_t i = 0; i < HD_ARRAY_LEN(list); i++) {
        struct hd_err err = {0};
        struct ticket t;

        if (!parse(list[i].text, &t, &err))
            printf("\n    accepted: %s\n", list[i].text);
        CHECK_FAILS(parse(list[i].text, &t, &err), &err, HD_E_BAD_MANIFEST,
                    list[i].words);
    }
}

static void bare_values_are_written_on_one_line_and_read_back(void)
{
    struct ticket t = {.n_riders = 2,
                       .riders = {{"ann"}, {"123"}},
                       .n_colours = 2,
                       .colours = {{1}, {0}}};
    hd_autofree char *text = NULL;
    struct hd_err err = {0};
    struct ticket back;
    size_t len;

    CHECK_OK(hd_yaml_write(&ticket_table, 0, &t, &text, &len, &err), &err);
    CU_ASSERT_STRING_EQUAL(text,
                           "{riders: [ann, 123], colours: [green, red]}\n");
    CHECK_OK(parse(text, &back, &err), &err);
    CU_ASSERT_EQUAL(memcmp(&t, &back, sizeof(t)), 0);
}

/* A number that need not be there has no value that means "absent". */
static void an_optional_number_is_absent_or_in_range(void)
{
    struct ticket t = {.n_colours = 1, .price = 7};
    hd_autofree char *text = NULL;
    struct hd_err err = {0};
    size_t len;

    CHECK_OK(hd_yaml_write(&ticket_table, 0, &t, &text, &len, &err), &err);
    CU_ASSERT_STRING_EQUAL(text, "{price: 7, colours: [red]}\n");
    CHECK_OK(hd_yaml_check(&ticket_table, 0, &t, HD_E_FAILED, &err), &err);
    t.price = 0;
    CHECK_OK(hd_yaml_check(&ticket_table, 0, &t, HD_E_FAILED, &err), &err);
    t.price = 4;
    CHECK_FAILS(hd_yaml_check(&ticket_table, 0, &t, HD_E_FAILED, &err), &err,
                HD_E_FAILED, "price: 4 is out of range, 5 to 9");
    CHECK_FAILS(parse("price: 0\ncolours: [red]", &t, &err), &err,
                HD_E_BAD_MANIFEST,
                "line 1, column 8: price: 0 is out of range");
}

static void bare_values_from_elsewhere_are_checked(void)
{
    const struct ticket good = {
        .n_riders = 1, .riders = {{"ann"}}, .n_colours = 1};
    struct hd_err err = {0};
    struct ticket t = good;

    CHECK_OK(hd_yaml_check(&ticket_table, 0, &t, HD_E_FAILED, &err), &err);
    memset(t.riders[0].name, 'a', sizeof(t.riders[0].name));
    CHECK_FAILS(hd_yaml_check(&ticket_table, 0, &t, HD_E_FAILED, &err), &err,
                HD_E_FAILED, "rider 1: name: the text does not end");
    t = good;
    t.riders[0].name[0] = '\0';
    CHECK_FAILS(hd_yaml_check(&ticket_table, 0, &t, HD_E_FAILED, &err), &err,
                HD_E_FAILED, "rider 1: name: it is empty");
    t = good;
    t.colours[0].colour = 2;
    CHECK_FAILS(hd_yaml_check(&ticket_table, 0, &t, HD_E_FAILED, &err), &err,
                HD_E_FAILED, "colour 1: colour: no such value");
    t = good;
    t.n_riders = UINT32_MAX;
    CHECK_FAILS(hd_yaml_check(&ticket_table, 0, &t, HD_E_FAILED, &err), &err,
                HD_E_FAILED, "riders: 4294967295 of them, 0 to 3 allowed");
}

static void a_bare_value_has_its_place(void)
{
    static const char text[] = "b: a\na: [x,\n  y]\n";
    size_t line = 7, column = 7;

    CU_ASSERT_EQUAL(hd_yaml_locate(text, strlen(text), "a", 1, &line, &column),
                    0);
    CU_ASSERT_EQUAL(line, 3);
    CU_ASSERT_EQUAL(column, 3);
    CU_ASSERT_EQUAL(hd_yaml_locate(text, strlen(text), "a", 2, &line, &column),
                    -1);
}

static const struct hd_test tests[] = {
    HD_TEST(a_list_of_bare_values_is_read_in_both_styles),
    HD_TEST(a_bare_value_is_judged_like_one_under_a_key),
    HD_TEST(bare_values_are_written_on_one_line_and_read_back),
    HD_TEST(an_optional_number_is_absent_or_in_range),
    HD_TEST(bare_values_from_elsewhere_are_checked),
    HD_TEST(a_bare_value_has_its_place),
};

HD_SUITE("store/yaml_bare", tests);
