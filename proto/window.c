#include "proto/window.h"

#include "proto/check.h"

static void check(const struct window *w)
{
    CHECK(w->sent - w->acked == w->flight_count && w->flight_count <= WINDOW_ITEMS);
    CHECK(w->flight_bytes <= WINDOW_BYTES && (w->flight_count > 0 || w->flight_bytes == 0));
    CHECK(w->store_items <= WINDOW_ITEMS && w->store_count <= w->store_items);
    CHECK(w->store_bytes <= WINDOW_BYTES);
}

bool window_fits(const struct window *w, size_t bytes)
{
    return w->flight_count < WINDOW_ITEMS && w->flight_bytes + bytes <= WINDOW_BYTES;
}

void window_depart(struct window *w, const struct oid *id, size_t bytes)
{
    CHECK(window_fits(w, bytes));
    w->flights[(w->flight_first + w->flight_count) % WINDOW_ITEMS] =
        (struct flight){*id, (uint32_t)bytes};
    w->flight_count++;
    w->flight_bytes += bytes;
    w->sent++;
    check(w);
}

bool window_has_room(const struct window *w)
{
    return w->flight_count <= WINDOW_ITEMS / 2 && w->flight_bytes + BATCH_BYTES_MAX <= WINDOW_BYTES;
}

bool window_in_flight(const struct window *w, const struct oid *id)
{
    for (uint32_t i = w->flight_count; i > 0; i--) { /* what is asked for left lately, mostly */
        if (oid_equal(&w->flights[(w->flight_first + i - 1) % WINDOW_ITEMS].id, id))
            return true;
    }
    return false;
}

void window_flights(const struct window *w, struct oid *out)
{
    for (uint32_t i = 0; i < w->flight_count; i++)
        out[i] = w->flights[(w->flight_first + i) % WINDOW_ITEMS].id;
}

bool window_may_land(const struct window *w, uint64_t items)
{
    return items >= w->acked && items <= w->sent;
}

bool window_land(struct window *w, uint64_t items, struct oid *id_out)
{
    CHECK(window_may_land(w, items));
    if (w->acked == items)
        return false;
    const struct flight *first = &w->flights[w->flight_first];
    *id_out = first->id;
    w->flight_bytes -= first->bytes;
    w->flight_first = (w->flight_first + 1) % WINDOW_ITEMS;
    w->flight_count--;
    w->acked++;
    check(w);
    return true;
}

enum status window_take(struct window *w, uint32_t request, uint32_t count, size_t bytes)
{
    if (count > WINDOW_ITEMS - w->store_items || bytes > WINDOW_BYTES - w->store_bytes)
        return ST_TOO_LARGE;
    CHECK(count > 0 && request != 0);
    w->stores[(w->store_first + w->store_count) % WINDOW_ITEMS] =
        (struct store){request, count, (uint32_t)bytes, false};
    w->store_count++;
    w->store_items += count;
    w->store_bytes += bytes;
    check(w);
    return ST_OK;
}

static uint32_t place_of(const struct window *w, uint32_t request)
{
    for (uint32_t i = 0; i < w->store_count; i++) {
        uint32_t place = (w->store_first + i) % WINDOW_ITEMS;
        if (w->stores[place].request == request && !w->stores[place].done)
            return place;
    }
    return WINDOW_ITEMS;
}

bool window_stores(const struct window *w, uint32_t request)
{
    return place_of(w, request) < WINDOW_ITEMS;
}

void window_judge(struct window *w, uint32_t request)
{
    uint32_t place = place_of(w, request);
    CHECK(place < WINDOW_ITEMS);
    w->stores[place].done = true;
    while (w->store_count > 0 && w->stores[w->store_first].done) {
        const struct store *first = &w->stores[w->store_first];
        w->judged += first->count;
        w->store_items -= first->count;
        w->store_bytes -= first->bytes;
        w->store_first = (w->store_first + 1) % WINDOW_ITEMS;
        w->store_count--;
    }
    check(w);
}
