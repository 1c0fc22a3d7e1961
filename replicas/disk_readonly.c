#include "replicas/disk.h"

static struct disk *inner_of(void *context)
{
    return context;
}

static enum status open_file(void *context, const char *name, bool create, struct disk_file **out,
                             struct fault *f)
{
    (void)create;
    return inner_of(context)->open(inner_of(context)->context, name, false, out, f);
}

static void close_file(void *context, struct disk_file *file)
{
    inner_of(context)->close(inner_of(context)->context, file);
}

static enum status size(void *context, struct disk_file *file, uint64_t *bytes_out, struct fault *f)
{
    return inner_of(context)->size(inner_of(context)->context, file, bytes_out, f);
}

static enum status read_file(void *context, struct disk_file *file, uint64_t offset, void *out,
                             size_t count, struct fault *f)
{
    return inner_of(context)->read(inner_of(context)->context, file, offset, out, count, f);
}

static enum status write_file(void *context, struct disk_file *file, uint64_t offset,
                              const void *data, size_t count, struct fault *f)
{
    (void)context, (void)file, (void)offset, (void)data, (void)count, (void)f;
    return ST_OK;
}

static enum status resize(void *context, struct disk_file *file, uint64_t bytes, struct fault *f)
{
    (void)context, (void)file, (void)bytes, (void)f;
    return ST_OK;
}

static enum status sync_file(void *context, struct disk_file *file, struct fault *f)
{
    (void)context, (void)file, (void)f;
    return ST_OK;
}

static enum status rename_file(void *context, const char *from, const char *to, struct fault *f)
{
    (void)context, (void)from, (void)to, (void)f;
    return ST_OK;
}

static enum status touch_name(void *context, const char *name, struct fault *f)
{
    (void)context, (void)name, (void)f;
    return ST_OK;
}

static enum status list(void *context, const char *folder,
                        enum status (*each)(void *user, const char *name), void *user,
                        struct fault *f)
{
    return inner_of(context)->list(inner_of(context)->context, folder, each, user, f);
}

void disk_readonly(struct disk *inner, struct disk *out)
{
    *out = (struct disk){.context = inner,
                         .open = open_file,
                         .close = close_file,
                         .size = size,
                         .read = read_file,
                         .write = write_file,
                         .allocate = resize,
                         .truncate = resize,
                         .sync = sync_file,
                         .rename = rename_file,
                         .remove = touch_name,
                         .make_folder = touch_name,
                         .sync_folder = touch_name,
                         .list = list,
                         .free = NULL};
}
