/* SPDX-License-Identifier: MIT */
/* Tests hv/store/yaml*, with a table of its own. */
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/uuid.h"
#include "../../hv/store/yaml.h"
#include "../../hv/store/yaml_locate.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

struct wheel {
    char name[8];
    uint64_t width;
};

struct engine {
    uint64_t power;
    uint32_t fuel;
};

struct car {
    char name[8], path[16], note[16], local[16];
    uint64_t year, size, delay;
    uint8_t open, digest[2];
    uint32_t kind, n_wheels;
    struct hd_uuid id;
    struct wheel wheels[3];
    struct engine engine;
};

static const char *const fuels[] = {"petrol", "wood", NULL};

#define MEMBER(type, m) offsetof(struct type, m), sizeof(((struct type *)0)->m)

static const struct hd_field wheel_fields[] = {
    {"name", HD_T_NAME, HD_F_REQUIRED, MEMBER(wheel, name), .doc = ""},
    {"width", HD_T_UINT, 0, MEMBER(wheel, width), .max = 9, .def = 5},
};
static const struct hd_table wheel_table = {"wheel", sizeof(struct wheel),
                                            wheel_fields, 2};
static const struct hd_field engine_fields[] = {
    {"power", HD_T_UINT, 0, MEMBER(engine, power), .max = 500, .def = 75},
    {"fuel", HD_T_ENUM, 0, MEMBER(engine, fuel), .names = fuels, .def = 1},
};
static const struct hd_table engine_table = {"engine", sizeof(struct engine),
                                             engine_fields, 2};
static const struct hd_field car_fields[] = {
    {"name", HD_T_NAME, HD_F_REQUIRED, MEMBER(car, name), .doc = ""},
    {"path", HD_T_PATH, HD_F_SIGNED, MEMBER(car, path), .doc = ""},
    {"local", HD_T_TEXT, HD_F_SOURCE, MEMBER(car, local), .doc = ""},
    {"note", HD_T_TEXT, 0, MEMBER(car, note), .doc = ""},
    {"year", HD_T_UINT, 0, MEMBER(car, year), .max = UINT64_MAX, .def = 1},
    {"size", HD_T_SIZE, 0, MEMBER(car, size), .min = 1, .max = 1ull << 42,
     .def = 1},
    {"delay", HD_T_DURATION, 0, MEMBER(car, delay), .max = 7200000},
    {"open", HD_T_BOOL, 0, MEMBER(car, open), .doc = ""},
    {"digest", HD_T_HEX, 0, MEMBER(car, digest), .doc = ""},
    {"kind", HD_T_ENUM, 0, MEMBER(car, kind), .names = fuels},
    {"id", HD_T_UUID, 0, MEMBER(car, id), .doc = ""},
    {"wheels", HD_T_LIST, 0, MEMBER(car, wheels),
     offsetof(struct car, n_wheels), .max = 3, .sub = &wheel_table},
    {"engine", HD_T_MAP, 0, MEMBER(car, engine), .sub = &engine_table},
};
static const struct hd_table car_table = {"car", sizeof(struct car), car_fields,
                                          HD_ARRAY_LEN(car_fields)};

static int parse(const char *text, size_t len, struct car *car,
                 struct hd_err *err)
{
    return hd_yaml_read(text, len, &car_table, HD_F_SIGNED, HD_E_BAD_MANIFEST,
                        car, err);
}

/* Each line of a table: a document and the words of its refusal. */
struct refusal {
    const char *text, *words;
};

static void refuse_all(const struct refusal *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct hd_err err = {0};
        struct car car;

        if (!parse(list[i].text, strlen(list[i].text), &car, &err))
            printf("\n    accepted: %s\n", list[i].text);
        CHECK_FAILS(parse(list[i].text, strlen(list[i].text), &car, &err), &err,
                    HD_E_BAD_MANIFEST, list[i].words);
    }
}

static void every_type_is_read(void)
{
    static const char text[] = "# a comment\n"
                               "---\n"
                               "name: beetle\n"
                               "path: a/b.c/d\n"
                               "note: \"K\\xe4fer: 1 # 2\"\n"
                               "year: 18446744073709551615\n"
                               "size: 3G\n"
                               "delay: 90s\n"
                               "open: true\n"
                               "digest: \"00ff\"\n"
                               "kind: wood\n"
                               "id: 00112233-4455-6677-8899-AABBCCDDEEFF\n"
                               "wheels: [{name: a}, {name: b, width: 0}]\n"
                               "engine: {fuel: petrol}\n";
    struct hd_err err = {0};
    struct car car;

    CHECK_OK(parse(text, sizeof(text) - 1, &car, &err), &err);
    CU_ASSERT_STRING_EQUAL(car.name, "beetle");
    CU_ASSERT_STRING_EQUAL(car.path, "a/b.c/d");
    CU_ASSERT_STRING_EQUAL(car.note, "K\xc3\xa4"
                                     "fer: 1 # 2");
    CU_ASSERT_EQUAL(car.year, UINT64_MAX);
    CU_ASSERT_EQUAL(car.size, 3ull << 30);
    CU_ASSERT_EQUAL(car.delay, 90000);
    CU_ASSERT_EQUAL(car.open, 1);
    CU_ASSERT_EQUAL(car.digest[0], 0);
    CU_ASSERT_EQUAL(car.digest[1], 0xff);
    CU_ASSERT_EQUAL(car.kind, 1);
    CU_ASSERT_EQUAL(car.id.byte[15], 0xff);
    CU_ASSERT_EQUAL(car.n_wheels, 2);
    CU_ASSERT_EQUAL(car.wheels[0].width, 5);
    CU_ASSERT_EQUAL(car.wheels[1].width, 0);
    CU_ASSERT_EQUAL(car.engine.fuel, 0);
    CU_ASSERT_EQUAL(car.engine.power, 75);
}

static void absent_keys_take_the_default_of_the_table(void)
{
    struct hd_err err = {0};
    struct car car;

    memset(&car, 0xff, sizeof(car));
    CHECK_OK(parse("name: a", 7, &car, &err), &err);
    CU_ASSERT_EQUAL(car.year, 1);
    CU_ASSERT_EQUAL(car.n_wheels, 0);
    CU_ASSERT_EQUAL(car.engine.power, 75);
    CU_ASSERT_EQUAL(car.engine.fuel, 1);
    CU_ASSERT_STRING_EQUAL(car.note, "");
}

static void numbers_in_any_other_form_are_refused(void)
{
    static const struct refusal list[] = {
        {"year: -1", "\"-1\" is not a whole number"},
        {"year: +1", "\"+1\""},
        {"year: 1e3", "\"1e3\""},
        {"year: 0x10", "\"0x10\""},
        {"year: 010", "\"010\""},
        {"year: 0o10", "\"0o10\""},
        {"year: 1_000", "\"1_000\""},
        {"year: 1.0", "\"1.0\""},
        {"year: yes", "\"yes\" is not a whole number"},
        {"year: \"1\"", "without quotes"},
        {"year: 18446744073709551616", "is not a whole number"},
        {"year: 1K", "is not a whole number"},
        {"year: ~", "is not"},
        {"year:", "the value is missing"},
        {"year: [1]", "one value expected"},
        {"year: {a: 1}", "one value expected"},
        {"size: 9223372036854775808", "out of range, 1 to 4T"},
        {"size: 0", "size: 0 is out of range"},
        {"size: 99999999999999999T", "is not a size"},
        {"size: 1k", "is not a size like"},
        {"size: 1MiB", "is not a size like"},
        {"size: 1 M", "is not a size like"},
        {"size: M", "is not a size like"},
        {"delay: 5", "is not a duration like"},
        {"delay: 3h", "3h is out of range, 0ms to 2h"},
        {"open: yes", "is not true or false"},
        {"open: True", "is not true or false"},
        {"open: 1", "is not true or false"},
        {"engine: {power: 501}", "501 is out of range, 0 to 500"},
        {"wheels: [{name: a, width: 10}]", "10 is out of range, 0 to 9"},
    };

    refuse_all(list, HD_ARRAY_LEN(list));
}

static void text_that_does_not_fit_its_field_is_refused(void)
{
    static const struct refusal list[] = {
        {"name: Beetle", "\"Beetle\" is not a name"},
        {"name: a/b", "is not a name"},
        {"name: \"\"", "is not a name"},
        {"name: ..", "is not a name"},
        {"name: -a", "is not a name"},
        {"name: \"a\\0b\"", "\"a?b\" is not a name"},
        {"name: \"a\\nb\"", "\"a?b\" is not a name"},
        {"name: \"%s%n\"", "\"%s%n\" is not a name"},
        {"name: abcdefgh", "8 characters, 7 at most"},
        {"name: [a]", "one value expected"},
        {"path: /etc/passwd", "is not a relative path"},
        {"path: a/../b", "is not a relative path"},
        {"path: a//b", "is not a relative path"},
        {"path: a/", "is not a relative path"},
        {"path: ./a", "is not a relative path"},
        {"note: \"a\\e[31m\"", "note: \"a?[31m\" is not printable"},
        {"note: \"\\u202egnp\"", "is not printable"},
        {"note: \"\\u0085\"", "is not printable"},
        {"note: 0123456789abcdef", "16 characters, 15 at most"},
        {"kind: coal", "\"coal\" is not one of: petrol, wood"},
        {"kind: 0", "is not one of"},
        {"digest: 00FF", "hex"},
        {"digest: 00ff0", "hex"},
        {"digest: 00f", "hex"},
        {"id: 00112233-4455-6677-8899-aabbccddeef", "is not a UUID"},
        {"id: 00112233-4455-6677-8899-aabbccddeeff0", "is not a UUID"},
        {"id: 001122334455-6677-8899-aabbccddeeff-0", "is not a UUID"},
    };

    refuse_all(list, HD_ARRAY_LEN(list));
}

static void keys_are_known_and_stand_once(void)
{
    static const struct refusal list[] = {
        {"name: a\ncolour: red",
         "line 2, column 1: unknown key \"colour\" in car; it has: name, path, "
         "note"},
        {"name: a\nlocal: b", "unknown key \"local\""},
        {"name: a\nyear: 1\nname: b",
         "line 3, column 1: the key \"name\" stands twice"},
        {"year: 1", "line 1, column 1: this car has no \"name\""},
        {"name: a\nwheels:\n  - {width: 1}",
         "line 3, column 5: this wheel has no \"name\""},
        {"name: a\n<<: {year: 1}", "unknown key \"<<\""},
        {"? [a]\n: b", "a key of car expected"},
        {"name: a\n\"\\e[2J\": 1", "unknown key \"?[2J\""},
    };

    refuse_all(list, HD_ARRAY_LEN(list));
}

static void constructs_outside_the_tables_are_refused(void)
{
    static const struct refusal list[] = {
        {"name: &x a", "line 1, column 7: anchors are not allowed"},
        {"&x name: a", "anchors are not allowed"},
        {"name: a\nengine: &x {}", "anchors are not allowed"},
        {"name: a\nwheels: &x []", "anchors are not allowed"},
        {"name: a\nnote: *x", "aliases are not allowed"},
        {"name: !!str a", "tags are not allowed"},
        {"name: ! a", "tags are not allowed"},
        {"name: a\nengine: !x {}", "tags are not allowed"},
        {"!car\nname: a", "tags are not allowed"},
        {"%YAML 1.1\n---\nname: a", "directives are not allowed"},
        {"%TAG ! tag:x,1:\n---\nname: a", "directives are not allowed"},
        {"name: a\n---\nname: b", "no second document"},
        {"name: a\n...\nname: b", "line 3, column 1"},
        {"- name: a", "line 1, column 1: a map expected"},
        {"just text", "a map expected"},
        {"", "a document expected"},
        {"# nothing\n", "a document expected"},
        {"name: a\nwheels: {name: a}", "a list expected"},
        {"name: a\nwheels: [a]", "a wheel in {...} expected"},
        {"name: a\nengine: [1]", "a map expected"},
        {"name: a\nwheels: [{name: a}, {name: a}, {name: a}, {name: a}]",
         "line 2, column 43: wheels: more than 3"},
        {"name: a\n\tyear: 1", "line 2"},
        {"name: 'a", "line 1, column 9"},
        {"name: @a", "line 1, column 7"},
    };

    refuse_all(list, HD_ARRAY_LEN(list));
}

static void bytes_that_are_no_plain_text_are_refused(void)
{
    struct hd_err err = {0};
    struct car car;

    CHECK_FAILS(parse("name: a\0b", 9, &car, &err), &err, HD_E_BAD_MANIFEST,
                "line 1, column 8: the character U+0000 is not allowed");
    CHECK_FAILS(parse("\xef\xbb\xbfname: a", 10, &car, &err), &err,
                HD_E_BAD_MANIFEST, "U+FEFF");
    CHECK_FAILS(parse("\xff\xfen\0a\0", 6, &car, &err), &err, HD_E_BAD_MANIFEST,
                "line 1, column 1: invalid UTF-8");
    CHECK_FAILS(parse("name: a\nnote: \xc0\xaf", 16, &car, &err), &err,
                HD_E_BAD_MANIFEST, "line 2, column 7: invalid UTF-8");
    CHECK_FAILS(parse("note: \xed\xa0\x80", 9, &car, &err), &err,
                HD_E_BAD_MANIFEST, "invalid UTF-8");
    CHECK_FAILS(parse("note: \xe2\x82", 8, &car, &err), &err, HD_E_BAD_MANIFEST,
                "invalid UTF-8");
    CHECK_FAILS(parse("name: a\x1b[2J", 11, &car, &err), &err,
                HD_E_BAD_MANIFEST, "U+001B");
    CHECK_FAILS(parse("name: a\xc2\x85", 9, &car, &err), &err,
                HD_E_BAD_MANIFEST, "U+0085");
}

static void ten_thousand_levels_are_refused_at_the_first(void)
{
    hd_autofree char *text = malloc(20001);
    struct hd_err err = {0};
    struct car car;

    for (const char *open = "[{"; *open; open++) {
        memset(text, *open, 10000);
        CHECK_FAILS(parse(text, 10000, &car, &err), &err, HD_E_BAD_MANIFEST,
                    "line 1, column ");
        memcpy(text, "name: ", 6);
        CHECK_FAILS(parse(text, 10000, &car, &err), &err, HD_E_BAD_MANIFEST,
                    "line 1, column 7");
    }
    for (size_t i = 0; i < 10000; i++)
        memcpy(text + 2 * i, "- ", 2);
    CHECK_FAILS(parse(text, 20000, &car, &err), &err, HD_E_BAD_MANIFEST,
                "a map expected");
}

static void what_is_no_yaml_any_more_has_no_place(void)
{
    size_t line = 7, column = 7;

    CU_ASSERT_EQUAL(hd_yaml_locate("a: [", 4, "b", 0, &line, &column), -1);
    CU_ASSERT_EQUAL(hd_yaml_locate("a: []", 5, "a", 0, &line, &column), -1);
    CU_ASSERT_EQUAL(line, 7);
    CU_ASSERT_EQUAL(
        hd_yaml_locate("a:\n- {}\n- {}", 12, "a", 1, &line, &column), 0);
    CU_ASSERT_EQUAL(line, 3);
    CU_ASSERT_EQUAL(column, 3);
}

static void a_failed_read_leaves_the_output_alone(void)
{
    struct car car = {.year = 1938};
    struct hd_err err = {0};

    CHECK_FAILS(parse("name: a\nyear: x", 15, &car, &err), &err,
                HD_E_BAD_MANIFEST, "line 2, column 7");
    CU_ASSERT_EQUAL(car.year, 1938);
    CU_ASSERT_STRING_EQUAL(car.name, "");
}

static void what_is_written_reads_back_the_same(void)
{
    struct car car = {.name = "a",
                      .path = "b/c",
                      .note = "- 'x': \"#\" \xc3\xa4",
                      .year = 7,
                      .size = 1536,
                      .delay = 1500,
                      .open = 1,
                      .kind = 1,
                      .n_wheels = 2,
                      .digest = {1, 2},
                      .wheels = {{"x", 1}, {"y", 2}}};
    hd_autofree char *text = NULL, *again = NULL;
    struct hd_err err = {0};
    struct car back;
    size_t len, len_again;

    CHECK_OK(hd_yaml_write(&car_table, HD_F_SIGNED, &car, &text, &len, &err),
             &err);
    CHECK_OK(parse(text, len, &back, &err), &err);
    CU_ASSERT_EQUAL(memcmp(&car, &back, sizeof(car)), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "size: 1536\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "delay: 1500ms\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "- {name: x, width: 1}\n"));
    CHECK_OK(
        hd_yaml_write(&car_table, HD_F_SIGNED, &back, &again, &len_again, &err),
        &err);
    CU_ASSERT_STRING_EQUAL(text, again);
}

static int check(const struct car *car, struct hd_err *err)
{
    return hd_yaml_check(&car_table, HD_F_SIGNED, car, HD_E_FAILED, err);
}

static void a_struct_from_elsewhere_is_checked_like_text(void)
{
    const struct car good = {.name = "a", .size = 1};
    struct hd_err err = {0};
    struct car car = good;

    CHECK_OK(check(&car, &err), &err);
    memset(car.name, 'a', sizeof(car.name));
    CHECK_FAILS(check(&car, &err), &err, HD_E_FAILED,
                "name: the text does not "
                "end");
    car = good;
    car.name[0] = '\0';
    CHECK_FAILS(check(&car, &err), &err, HD_E_FAILED, "name: it is empty");
    car = good;
    strcpy(car.path, "../x");
    CHECK_FAILS(check(&car, &err), &err, HD_E_FAILED, "path: \"../x\"");
    car = good;
    strcpy(car.note, "\033[2J");
    CHECK_FAILS(check(&car, &err), &err, HD_E_FAILED, "note: \"?[2J\"");
    car = good;
    car.size = 0;
    CHECK_FAILS(check(&car, &err), &err, HD_E_FAILED, "size: 0 is out");
    car = good;
    car.open = 2;
    CHECK_FAILS(check(&car, &err), &err, HD_E_FAILED, "open");
    car = good;
    car.kind = 2;
    CHECK_FAILS(check(&car, &err), &err, HD_E_FAILED, "kind");
    car = good;
    car.n_wheels = 4;
    CHECK_FAILS(check(&car, &err), &err, HD_E_FAILED, "wheels: 4 of them");
    car.n_wheels = 1;
    CHECK_FAILS(check(&car, &err), &err, HD_E_FAILED, "wheel 1: name");
    car = good;
    car.engine.power = 501;
    CHECK_FAILS(check(&car, &err), &err, HD_E_FAILED, "power: 501 is out");
}

static const struct hd_test tests[] = {
    HD_TEST(every_type_is_read),
    HD_TEST(absent_keys_take_the_default_of_the_table),
    HD_TEST(numbers_in_any_other_form_are_refused),
    HD_TEST(text_that_does_not_fit_its_field_is_refused),
    HD_TEST(keys_are_known_and_stand_once),
    HD_TEST(constructs_outside_the_tables_are_refused),
    HD_TEST(bytes_that_are_no_plain_text_are_refused),
    HD_TEST(ten_thousand_levels_are_refused_at_the_first),
    HD_TEST(what_is_no_yaml_any_more_has_no_place),
    HD_TEST(a_failed_read_leaves_the_output_alone),
    HD_TEST(what_is_written_reads_back_the_same),
    HD_TEST(a_struct_from_elsewhere_is_checked_like_text),
};

HD_SUITE("store/yaml", tests);
