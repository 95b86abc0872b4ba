/* Keeps a copy of everything that a process writes to files and to its log, in the order in which it does: what a disk
   has seen, deleted and overwritten bytes with it. Loaded before the C library (LD_PRELOAD); PLATTER names the folder.

   What is written through a mapping of memory is not seen: SQLite maps the index of its log so, in which there are page
   numbers and checksums. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static ssize_t (*plain_write)(int, const void *, size_t);
static int platter = -1;

__attribute__((constructor)) static void begin(void) {
    char path[4096];
    const char *folder = getenv("PLATTER");
    plain_write = dlsym(RTLD_NEXT, "write");
    if (folder == NULL) return;
    snprintf(path, sizeof path, "%s/%d", folder, (int)getpid());
    platter = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (platter >= 0) platter = fcntl(platter, F_DUPFD_CLOEXEC, 900);
}

static void keep(int fd, const void *data, ssize_t size) {
    struct stat is;
    if (size <= 0 || platter < 0 || fd == platter) return;
    if (fd > 2 && (fstat(fd, &is) != 0 || !S_ISREG(is.st_mode))) return;
    if (plain_write(platter, data, (size_t)size) != size) abort();
}

static void keep_all(int fd, const struct iovec *parts, int count, ssize_t size) {
    for (int at = 0; at < count && size > 0; at++) {
        ssize_t here = (ssize_t)parts[at].iov_len < size ? (ssize_t)parts[at].iov_len : size;
        keep(fd, parts[at].iov_base, here);
        size -= here;
    }
}

ssize_t write(int fd, const void *data, size_t size) {
    ssize_t done = plain_write(fd, data, size);
    keep(fd, data, done);
    return done;
}

#define AT(name)                                                                          \
    ssize_t name(int fd, const void *data, size_t size, off64_t at) {                     \
        static ssize_t (*plain)(int, const void *, size_t, off64_t);                      \
        if (plain == NULL) plain = dlsym(RTLD_NEXT, #name);                               \
        ssize_t done = plain(fd, data, size, at);                                         \
        keep(fd, data, done);                                                             \
        return done;                                                                      \
    }
AT(pwrite)
AT(pwrite64)

ssize_t writev(int fd, const struct iovec *parts, int count) {
    static ssize_t (*plain)(int, const struct iovec *, int);
    if (plain == NULL) plain = dlsym(RTLD_NEXT, "writev");
    ssize_t done = plain(fd, parts, count);
    keep_all(fd, parts, count, done);
    return done;
}

#define MANY_AT(name)                                                                     \
    ssize_t name(int fd, const struct iovec *parts, int count, off64_t at) {              \
        static ssize_t (*plain)(int, const struct iovec *, int, off64_t);                 \
        if (plain == NULL) plain = dlsym(RTLD_NEXT, #name);                               \
        ssize_t done = plain(fd, parts, count, at);                                       \
        keep_all(fd, parts, count, done);                                                 \
        return done;                                                                      \
    }
MANY_AT(pwritev)
MANY_AT(pwritev64)
