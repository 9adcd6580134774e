/* SPDX-License-Identifier: MIT */
/* Reads a store's header: copy, verify, parse, in this order and never in
 * another; never writes to the medium. */
#include "header.h"

#include <linux/fs.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "gpt.h"
#include "kernel.h"
#include "member.h"

static int medium_size(int fd, uint64_t *ret_size, struct hd_err *err)
{
    struct stat st;

    if (fstat(fd, &st))
        return hd_fail_errno(err, HD_E_IO, "cannot stat the medium");
    if (S_ISREG(st.st_mode)) {
        *ret_size = (uint64_t)st.st_size;
        return 0;
    }
    if (!S_ISBLK(st.st_mode))
        return hd_fail(err, HD_E_NOT_A_STORE,
                       "no hotdom store on it: neither a device nor a file");
    if (ioctl(fd, BLKGETSIZE64, ret_size))
        return hd_fail_errno(err, HD_E_GONE, "cannot size the medium");
    return 0;
}

/* The one partition of our header type. */
static int find_header(const struct hd_gpt *gpt, struct hd_stream *ret,
                       struct hd_err *err)
{
    const struct hd_part *found = NULL;
    struct hd_uuid type;

    hd_uuid_parse(HD_GUID_HEADER, &type, NULL);
    for (uint32_t i = 0; i < gpt->n; i++) {
        if (!hd_uuid_equal(&gpt->parts[i].type, &type))
            continue;
        if (found)
            return hd_fail(err, HD_E_BAD_HEADER,
                           "the store has two header partitions");
        found = &gpt->parts[i];
    }
    if (!found)
        return hd_fail(err, HD_E_NOT_A_STORE, "no hotdom store on it");
    if (strcmp(found->name, HD_PARTNAME_HEADER) ||
        found->length > HD_HEADER_BYTES)
        return hd_fail(err, HD_E_BAD_HEADER,
                       "the header partition has a wrong name or size");
    ret->at = found->start;
    ret->end = found->start + found->length;
    return 0;
}

static int read_signer(struct hd_stream *s, struct hd_signer *ret,
                       struct hd_err *err)
{
    hd_autofree char *pem = NULL;
    size_t len;

    if (hd_member_read(s, HD_MEMBER_SIGNER, HD_SIGNER_PEM, HD_E_BAD_SIGNATURE,
                       &pem, &len, err) ||
        hd_signer_parse_pem(pem, len, ret, err))
        return hd_wrap(err, HD_MEMBER_SIGNER);
    return 0;
}

static int check_trust(const struct hd_header_keys *keys,
                       struct hd_answer *answer, struct hd_err *err)
{
    char text[HD_SIGNER_TEXT];

    for (size_t i = 0; i < keys->n; i++)
        if (!memcmp(&keys->list[i], &answer->signer, sizeof(answer->signer)))
            answer->trusted = 1;
    if (answer->trusted || keys->any)
        return 0;
    hd_signer_format(&answer->signer, text);
    return hd_fail(err, HD_E_UNTRUSTED_SIGNER,
                   "signer %s is not trusted here; if you know it: hotdom "
                   "trust add NAME %s",
                   text, text);
}

/* The manifest's bytes are in our memory before anything looks at them, and are
 * parsed only when their signature fits. */
static int read_manifest(struct hd_stream *s, const struct hd_header_keys *keys,
                         struct hd_answer *answer, struct hd_err *err)
{
    hd_autofree char *text = NULL, *sig = NULL;
    hd_autofree struct hd_manifest *m = NULL;
    size_t len, sig_len;

    if (hd_member_read(s, HD_MEMBER_MANIFEST, HD_MANIFEST_BYTES,
                       HD_E_BAD_MANIFEST, &text, &len, err) ||
        hd_member_read(s, HD_MEMBER_SIG, HD_SIG_BYTES, HD_E_BAD_SIGNATURE, &sig,
                       &sig_len, err))
        return -1;
    if (sig_len != HD_SIG_BYTES)
        return hd_fail(err, HD_E_BAD_SIGNATURE,
                       "the signature has %zu bytes, not %d", sig_len,
                       HD_SIG_BYTES);
    if (read_signer(s, &answer->signer, err) ||
        check_trust(keys, answer, err) ||
        hd_sign_verify(&answer->signer, text, len, (uint8_t *)sig, err))
        return -1;
    if (hd_manifest_parse(text, len, HD_F_SIGNED, &m, err))
        return hd_wrap(err, HD_MEMBER_MANIFEST);
    if (EVP_Digest(text, len, answer->digest, NULL, EVP_sha256(), NULL) != 1)
        return hd_fail(err, HD_E_FAILED, "OpenSSL makes no SHA-256");
    answer->manifest = *m;
    answer->files_at = s->at;
    return 0;
}

static int match_volume(const struct hd_gpt *gpt, const struct hd_volume *v,
                        const struct hd_uuid *type, struct hd_extent *ret,
                        struct hd_err *err)
{
    int at = hd_gpt_find(gpt, &v->partuuid);
    const struct hd_part *p = at < 0 ? NULL : &gpt->parts[at];
    char name[HD_GPT_NAME];

    snprintf(name, sizeof(name), HD_PARTNAME_VOLUME "%s", v->name);
    if (!p || !hd_uuid_equal(&p->type, type) || strcmp(p->name, name))
        return hd_fail(err, HD_E_BAD_HEADER,
                       "the store is damaged: volume %s has no partition",
                       v->name);
    if (p->length != v->size)
        return hd_fail(err, HD_E_BAD_HEADER,
                       "the store is damaged: volume %s has %llu bytes and the "
                       "manifest says %llu",
                       v->name, (unsigned long long)p->length,
                       (unsigned long long)v->size);
    ret->start = p->start;
    ret->length = p->length;
    return 0;
}

static int match_volumes(const struct hd_gpt *gpt, struct hd_answer *answer,
                         struct hd_err *err)
{
    const struct hd_manifest *m = &answer->manifest;
    struct hd_uuid type;
    uint32_t n = 0;

    hd_uuid_parse(HD_GUID_VOLUME, &type, NULL);
    for (uint32_t i = 0; i < gpt->n; i++)
        n += hd_uuid_equal(&gpt->parts[i].type, &type);
    if (n != m->n_volumes)
        return hd_fail(err, HD_E_BAD_HEADER,
                       "the store is damaged: it has %u volumes and the "
                       "manifest names %u",
                       n, m->n_volumes);
    for (uint32_t i = 0; i < m->n_volumes; i++)
        if (match_volume(gpt, &m->volumes[i], &type, &answer->extents[i], err))
            return -1;
    return 0;
}

static bool is_known(const struct hd_header_keys *keys,
                     const struct hd_manifest *m, const struct hd_file *f)
{
    for (size_t i = 0; i < keys->n_known; i++)
        if (hd_known_serves(&keys->known[i], m, f))
            return true;
    return false;
}

/* Looks at the sealed copy, which is what Xen will be given. */
static int check_kernel(int fd, const struct hd_file *f, struct hd_err *err)
{
    uint64_t len = hd_file_bytes(f);

    return hd_kernel_check_fd(fd, len, err) ? hd_wrap(err, "%s", f->name) : 0;
}

/* One file; -1 in `*ret` for a known one. */
static int read_file(struct hd_stream *s, const struct hd_manifest *m,
                     const struct hd_file *f, bool known, int *ret,
                     struct hd_err *err)
{
    hd_autofd int fd = -1;

    if (known && hd_member_skip(s, f, err))
        return -1;
    if (!known) {
        fd = hd_member_copy(s, f, err);
        if (fd < 0 || (hd_manifest_is_kernel(m, f) && check_kernel(fd, f, err)))
            return -1;
    }
    *ret = hd_steal_fd(&fd);
    return 0;
}

static int read_files(struct hd_stream *s, const struct hd_header_keys *keys,
                      struct hd_answer *answer, int fds[HD_MAX_FDS],
                      uint32_t *n, struct hd_err *err)
{
    const struct hd_manifest *m = &answer->manifest;

    for (*n = 0; *n < m->n_files; ++*n) {
        const struct hd_file *f = &m->files[*n];

        answer->known[*n] = is_known(keys, m, f);
        if (read_file(s, m, f, answer->known[*n], &fds[*n], err))
            return -1;
    }
    return hd_member_end(s, err);
}

/* The LUKS2 headers, as the job will have them.  The first one's users are the
 * store's. */
static int read_luks(int medium, struct hd_answer *answer, int fds[HD_MAX_FDS],
                     uint32_t *n, struct hd_err *err)
{
    const struct hd_manifest *m = &answer->manifest;
    int first = hd_manifest_luks(m, -1);

    for (int i = first; i >= 0; i = hd_manifest_luks(m, i)) {
        const struct hd_extent *e = &answer->extents[i];
        struct hd_luks_facts facts;

        fds[*n] = hd_luks_header_copy(medium, e->start, e->length,
                                      &m->volumes[i].luks, &facts, err);
        if (fds[*n] < 0)
            return hd_wrap(err, "volume %s", m->volumes[i].name);
        ++*n;
        if (i == first)
            answer->luks = facts;
    }
    return 0;
}

int hd_header_read(int medium, const struct hd_header_keys *keys,
                   struct hd_answer *answer, int fds[HD_MAX_FDS],
                   struct hd_err *err)
{
    struct hd_gpt *gpt = &answer->gpt;
    struct hd_stream stream = {.fd = medium};
    uint32_t n = 0;

    memset(answer, 0, sizeof(*answer));
    if (medium_size(medium, &answer->medium_size, err))
        return -1;
    if (!hd_gpt_read(medium, answer->medium_size, gpt, err) &&
        !find_header(gpt, &stream, err) &&
        !read_manifest(&stream, keys, answer, err) &&
        !match_volumes(gpt, answer, err) &&
        !read_files(&stream, keys, answer, fds, &n, err) &&
        !read_luks(medium, answer, fds, &n, err))
        return 0;
    while (n > 0)
        if (fds[--n] >= 0)
            close(fds[n]);
    memset(answer->known, 0, sizeof(answer->known));
    memset(gpt, 0, sizeof(*gpt));
    answer->files_at = 0;
    memset(answer->digest, 0, sizeof(answer->digest));
    memset(&answer->luks, 0, sizeof(answer->luks));
    memset(answer->extents, 0, sizeof(answer->extents));
    memset(&answer->manifest, 0, sizeof(answer->manifest));
    return -1;
}
