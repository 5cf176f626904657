/* A disk that fails: put before libc with LD_PRELOAD, it lets some syncs of some files go wrong with EIO.
 *
 * FAULTY_SYNC_PLAN names a file of three 32-bit integers, shared by every process that has this loaded: how many more
 * syncs go well, how many then fail, and how many have failed. FAULTY_SYNC_FOR is a part of the paths it is about.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int *plan;
static const char *about;

__attribute__((constructor)) static void open_plan(void) {
    const char *path = getenv("FAULTY_SYNC_PLAN");
    int file = path ? open(path, O_RDWR) : -1;
    about = getenv("FAULTY_SYNC_FOR");
    if (file < 0)
        return;
    plan = mmap(NULL, 3 * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (plan == MAP_FAILED)
        plan = NULL;
    close(file);
}

static int fails(int file) {
    char link[64], path[4096];
    ssize_t length;
    if (!plan || __atomic_load_n(&plan[1], __ATOMIC_SEQ_CST) <= 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    if (about && !strstr(path, about))
        return 0;
    if (__atomic_fetch_sub(&plan[0], 1, __ATOMIC_SEQ_CST) > 0)
        return 0;
    if (__atomic_fetch_sub(&plan[1], 1, __ATOMIC_SEQ_CST) <= 0)
        return 0;
    __atomic_fetch_add(&plan[2], 1, __ATOMIC_SEQ_CST);
    errno = EIO;
    return 1;
}

int fsync(int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    return fails(file) ? -1 : real(file);
}

int fdatasync(int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    return fails(file) ? -1 : real(file);
}
