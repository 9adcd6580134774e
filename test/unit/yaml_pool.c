/* SPDX-License-Identifier: MIT */
/* Tests lists that share an array, of hv/store/yaml*. */
#include <stdlib.h>
#include <string.h>

#include "../../hv/store/yaml.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

struct name {
    char name[8];
};

struct crew {
    uint32_t n_names, names;
};

struct fleet {
    uint32_t n_crews, n_names;
    struct crew crews[3];
    struct name names[4];
};

#define MEMBER(type, m) offsetof(struct type, m), sizeof(((struct type *)0)->m)

static const struct hd_field name_fields[] = {
    {"name", HD_T_NAME, HD_F_REQUIRED, MEMBER(name, name), .doc = ""}};
static const struct hd_table name_table = {"name", sizeof(struct name),
                                           name_fields, 1};
static const struct hd_pool pool = {"names of all crews",
                                    offsetof(struct fleet, names),
                                    offsetof(struct fleet, n_names), 4};
static const struct hd_field crew_fields[] = {
    {"names", HD_T_LIST, HD_F_BARE, MEMBER(crew, names),
     offsetof(struct crew, n_names), .max = 3, .sub = &name_table,
     .pool = &pool}};
static const struct hd_table crew_table = {"crew", sizeof(struct crew),
                                           crew_fields, 1};
static const struct hd_field fleet_fields[] = {
    {"crews", HD_T_LIST, 0, MEMBER(fleet, crews),
     offsetof(struct fleet, n_crews), .max = 3, .sub = &crew_table}};
static const struct hd_table fleet_table = {"fleet", sizeof(struct fleet),
                                            fleet_fields, 1};

static int parse(const char *text, struct fleet *f, struct hd_err *err)
{
    return hd_yaml_read(text, strlen(text), &fleet_table, 0, HD_E_BAD_MANIFEST,
                        f, err);
}

static const char usual[] =
    "crews:\n- {names: [ann, bob]}\n- {}\n- {names: [cid]}\n";

static void each_stands_behind_the_other_and_is_written_back(void)
{
    hd_autofree char *text = NULL;
    struct hd_err err = {0};
    struct fleet f;
    size_t len;

    CHECK_OK(parse(usual, &f, &err), &err);
    CU_ASSERT_EQUAL(f.n_names, 3);
    CU_ASSERT_EQUAL(f.crews[0].n_names, 2);
    CU_ASSERT_EQUAL(f.crews[0].names, 0);
    CU_ASSERT_EQUAL(f.crews[1].n_names, 0);
    CU_ASSERT_EQUAL(f.crews[2].n_names, 1);
    CU_ASSERT_EQUAL(f.crews[2].names, 2);
    CU_ASSERT_STRING_EQUAL(f.names[2].name, "cid");
    CHECK_OK(hd_yaml_check(&fleet_table, 0, &f, HD_E_FAILED, &err), &err);
    CHECK_OK(hd_yaml_write(&fleet_table, 0, &f, &text, &len, &err), &err);
    CU_ASSERT_STRING_EQUAL(text, usual);
}

static void one_takes_what_the_others_leave(void)
{
    struct hd_err err = {0};
    struct fleet f;

    CHECK_OK(parse("crews: [{names: [a, b, c]}, {names: [d]}, {names: []}]", &f,
                   &err),
             &err);
    CHECK_FAILS(parse("crews: [{names: [a, b, c, d]}]", &f, &err), &err,
                HD_E_BAD_MANIFEST, "line 1, column 27: names: more than 3");
    CHECK_FAILS(parse("crews: [{names: [a, b, c]}, {names: [d, e]}]", &f, &err),
                &err, HD_E_BAD_MANIFEST,
                "line 1, column 41: names: more than 4 names of all crews");
}

static void refuse(const struct fleet *f, const char *words)
{
    struct hd_err err = {0};

    CHECK_FAILS(hd_yaml_check(&fleet_table, 0, f, HD_E_FAILED, &err), &err,
                HD_E_FAILED, words);
}

static void one_from_elsewhere_lies_within_the_array(void)
{
    static const struct crew bad[] = {
        {1, 3}, {2, 2}, {1, 4}, {1, UINT32_MAX}, {3, UINT32_MAX - 1}};
    struct hd_err err = {0};
    struct fleet good, f;

    CHECK_OK(parse(usual, &good, &err), &err);
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        f = good;
        f.crews[2] = bad[i];
        refuse(&f, "names: it is not among the names of all crews");
    }
    f = good;
    f.n_names = 5;
    refuse(&f, "it is not among the");
    f = good;
    f.names[2].name[0] = '!';
    refuse(&f, "crew 3: name 1: name: ");
}

static const struct hd_test tests[] = {
    HD_TEST(each_stands_behind_the_other_and_is_written_back),
    HD_TEST(one_takes_what_the_others_leave),
    HD_TEST(one_from_elsewhere_lies_within_the_array),
};

HD_SUITE("store/yaml_pool", tests);
