/* What a disk keeps when the power fails: at every successful sync of a regular file its bytes are copied to
 * $DOLMEN_SYNCED/<inode>. Whoever lost the power puts these copies in place of the files. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void copy(int from, int to) {
    char bytes[65536];
    ssize_t got;
    while ((got = read(from, bytes, sizeof bytes)) > 0) {
        for (ssize_t done = 0; done < got;) {
            ssize_t put = write(to, bytes + done, (size_t)(got - done));
            if (put <= 0) abort();
            done += put;
        }
    }
    if (got < 0) abort();
}

static void keep(int fd) {
    const char *kept = getenv("DOLMEN_SYNCED");
    struct stat about;
    if (!kept || fstat(fd, &about) || !S_ISREG(about.st_mode)) return;
    char source[64], partial[4096], whole[4096];
    snprintf(source, sizeof source, "/proc/self/fd/%d", fd);
    snprintf(whole, sizeof whole, "%s/%lu", kept, (unsigned long)about.st_ino);
    snprintf(partial, sizeof partial, "%s.%d", whole, (int)gettid());
    int from = open(source, O_RDONLY);
    if (from < 0) return;
    int to = open(partial, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (to < 0) abort();
    copy(from, to);
    close(from);
    close(to);
    if (rename(partial, whole)) abort();
}

int fsync(int fd) {
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    int answer = next(fd);
    if (answer == 0) keep(fd);
    return answer;
}

int fdatasync(int fd) {
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    int answer = next(fd);
    if (answer == 0) keep(fd);
    return answer;
}
