/*
 * window: the items under way on one link, both ways: sent and not yet judged by the other side
 * (flights), received and not yet judged by our replica (stores).
 *
 * Both are rings of fixed size. Invariants: sent - acked = flights; at most WINDOW_ITEMS of at most
 * WINDOW_BYTES a way; stores are counted as judged in the order in which they came.
 */
#ifndef PROTO_WINDOW_H
#define PROTO_WINDOW_H

#include "proto/id.h"
#include "proto/limits.h"

struct flight {
    struct oid id;
    uint32_t bytes;
};

struct store {
    uint32_t request, count, bytes;
    bool done;
};

struct window {
    struct flight flights[WINDOW_ITEMS];
    uint32_t flight_first, flight_count;
    size_t flight_bytes;
    uint64_t sent, acked; /* items, ever */

    struct store stores[WINDOW_ITEMS];
    uint32_t store_first, store_count;
    uint32_t store_items;
    size_t store_bytes;
    uint64_t judged; /* items, ever */
};

/* window_fits(): an item of so many bytes may leave. window_depart(): it does. */
bool window_fits(const struct window *w, size_t bytes);
void window_depart(struct window *w, const struct oid *id, size_t bytes);

/* window_has_room(): a batch may leave, and be worth the reading. */
bool window_has_room(const struct window *w);
bool window_in_flight(const struct window *w, const struct oid *id);

/* window_flights(): the ids in flight, oldest first, into 'out' (flight_count of them). */
void window_flights(const struct window *w, struct oid *out);

/* window_may_land(): the other side may have judged so many items by now. */
bool window_may_land(const struct window *w, uint64_t items);

/* window_land(): the oldest flight up to that count is over; its id; false: none is left. */
MUST_USE bool window_land(struct window *w, uint64_t items, struct oid *id_out);

/*
 * window_take(): 'count' items of together 'bytes' came and are stored by 'request'.
 * Errors: ST_TOO_LARGE  more than the window; unchanged
 */
MUST_USE enum status window_take(struct window *w, uint32_t request, uint32_t count, size_t bytes);

/* window_stores(): this request is among the stores. window_judge(): it was answered. */
bool window_stores(const struct window *w, uint32_t request);
void window_judge(struct window *w, uint32_t request);

#endif
