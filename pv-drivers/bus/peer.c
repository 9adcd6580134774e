/* SPDX-License-Identifier: MIT */
/* Grants and event channels of one frontend; never looks into the page. */
#include "peer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xenevtchn.h>
#include <xengnttab.h>

struct hd_peer {
    uint32_t domid;
    xenevtchn_handle *events;
    xengnttab_handle *grants;
    void *page; /* NULL: not connected */
    void *more; /* NULL: no more pages */
    uint32_t n_more;
    evtchn_port_t port;
};

int hd_peer_open(uint32_t domid, struct hd_peer **ret, struct hd_err *err)
{
    hd_auto(hd_peer) peer = calloc(1, sizeof(*peer));

    if (!peer)
        return hd_fail_errno(err, HD_E_FAILED, "open event channels");
    peer->domid = domid;
    peer->events = xenevtchn_open(NULL, 0);
    peer->grants = peer->events ? xengnttab_open(NULL, 0) : NULL;
    if (!peer->grants)
        return hd_fail_errno(err, HD_E_NO_XEN,
                             "cannot open event channels and grants");
    *ret = hd_steal(&peer);
    return 0;
}

void hd_peer_free(struct hd_peer *peer)
{
    if (!peer)
        return;
    hd_peer_disconnect(peer);
    if (peer->grants)
        xengnttab_close(peer->grants);
    if (peer->events)
        xenevtchn_close(peer->events);
    free(peer);
}

int hd_peer_connect(struct hd_peer *peer, uint32_t ref, uint32_t port,
                    void **ret_page, struct hd_err *err)
{
    xenevtchn_port_or_error_t local;
    void *page = xengnttab_map_grant_ref(peer->grants, peer->domid, ref,
                                         PROT_READ | PROT_WRITE);

    if (!page)
        return hd_fail_errno(err, HD_E_FAILED, "cannot map grant %u", ref);
    local = xenevtchn_bind_interdomain(peer->events, peer->domid, port);
    if (local < 0) {
        hd_fail_errno(err, HD_E_FAILED, "cannot bind event channel %u", port);
        xengnttab_unmap(peer->grants, page, 1);
        return -1;
    }
    peer->page = page;
    peer->port = (evtchn_port_t)local;
    *ret_page = page;
    return 0;
}

int hd_peer_map(struct hd_peer *peer, const uint32_t *refs, uint32_t n,
                void **ret_pages, struct hd_err *err)
{
    uint32_t copy[HD_PEER_PAGES];
    void *pages;

    if (!peer->page || peer->more || !n || n > HD_PEER_PAGES)
        return hd_fail(err, HD_E_FAILED, "cannot map %u pages", n);
    memcpy(copy, refs, n * sizeof(*refs));
    pages = xengnttab_map_domain_grant_refs(peer->grants, n, peer->domid, copy,
                                            PROT_READ | PROT_WRITE);
    if (!pages)
        return hd_fail_errno(err, HD_E_FAILED, "cannot map %u grants", n);
    peer->more = pages;
    peer->n_more = n;
    *ret_pages = pages;
    return 0;
}

void hd_peer_disconnect(struct hd_peer *peer)
{
    if (!peer->page)
        return;
    if (peer->more)
        xengnttab_unmap(peer->grants, peer->more, peer->n_more);
    peer->more = NULL;
    xenevtchn_unbind(peer->events, peer->port);
    xengnttab_unmap(peer->grants, peer->page, 1);
    peer->page = NULL;
}

int hd_peer_fd(struct hd_peer *peer)
{
    return xenevtchn_fd(peer->events);
}

void hd_peer_take(struct hd_peer *peer)
{
    xenevtchn_port_or_error_t port = xenevtchn_pending(peer->events);

    if (port >= 0)
        (void)xenevtchn_unmask(peer->events, (evtchn_port_t)port);
}

void hd_peer_notify(struct hd_peer *peer)
{
    if (peer->page)
        (void)xenevtchn_notify(peer->events, peer->port);
}
