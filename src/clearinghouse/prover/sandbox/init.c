/* The first process of a run, in C: the same promises, orders and reports as init.py, which says what they are.
 *
 * It saves a Python start in every run. inits.py builds it with the host's compiler where there is one. Functions have
 * the names they have in init.py, and tests/prover/sandbox holds both to one contract: change both or neither.
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 4, ORDERS = 5, FIRST_STRAY = 6 };
enum { LANDLOCK_CREATE = 444, LANDLOCK_ADD = 445, LANDLOCK_RESTRICT = 446, CLOSE_RANGE = 436 };
enum { LANDLOCK_VERSION = 1, LANDLOCK_PATH_BENEATH = 1 };
enum { POLL_US = 30000, SECOND = 1000000, BACKLOG = 64, MOST_PORTS = 8 };
#define FS_WRITE_FILE (1ull << 1)
#define FS_CHANGE (FS_WRITE_FILE | 0x1ff0ull) /* remove and make entries of every kind: bits 4 to 12 */
#define FS_REFER (1ull << 13)
#define FS_TRUNCATE (1ull << 14)
#define SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS 3ull

static const char *const DEVICES[] = {"/dev/null",    "/dev/zero", "/dev/full", "/dev/random",
                                      "/dev/urandom", "/dev/tty",  "/dev/pts"};

struct list {
    char **items; /* NULL at the end */
    size_t count;
};

/* What orders.py ordered; numbers stay -1 until they are read. */
static struct {
    struct list argv, env, writable, watch, listen;
    char *cwd;
    int64_t report, landlock, wall_us, linger_us, cpu_us, memory_kib, scratch_bytes, pids, files, count_processes,
        count_memory, count_cpu;
} orders = {.report = -1, .landlock = -1, .wall_us = -1, .linger_us = -1, .cpu_us = -1, .memory_kib = -1,
            .scratch_bytes = -1, .pids = -1, .files = -1, .count_processes = -1, .count_memory = -1, .count_cpu = -1};

static const struct {
    const char *name;
    struct list *list;
    int64_t *number;
} KEYS[] = {
    {"argv", &orders.argv, NULL},
    {"env", &orders.env, NULL},
    {"writable", &orders.writable, NULL},
    {"watch", &orders.watch, NULL},
    {"listen", &orders.listen, NULL},
    {"report", NULL, &orders.report},
    {"landlock", NULL, &orders.landlock},
    {"wall_us", NULL, &orders.wall_us},
    {"linger_us", NULL, &orders.linger_us},
    {"cpu_us", NULL, &orders.cpu_us},
    {"memory_kib", NULL, &orders.memory_kib},
    {"scratch_bytes", NULL, &orders.scratch_bytes},
    {"pids", NULL, &orders.pids},
    {"files", NULL, &orders.files},
    {"count_processes", NULL, &orders.count_processes},
    {"count_memory", NULL, &orders.count_memory},
    {"count_cpu", NULL, &orders.count_cpu},
};
enum { KEY_COUNT = sizeof KEYS / sizeof KEYS[0] };

static pid_t main_child;
static int main_status = -1;
static const char *stopped;
static int64_t peak_kib;

/* One line to the supervisor. */
static void say(const char *text) {
    if (write(LINE, text, strlen(text)) < 0) _exit(1);
}

/* Give up: the sandbox could not be set up as ordered. */
static _Noreturn void fail(const char *what, const char *detail) {
    char text[4096];
    snprintf(text, sizeof text - 1, "fail %s%s", what, detail);
    for (char *at = text; *at; at++)
        if (*at == '\n') *at = ' ';
    say(strcat(text, "\n"));
    _exit(1);
}

static int64_t now_us(clockid_t clock) {
    struct timespec at;
    clock_gettime(clock, &at);
    return (int64_t)at.tv_sec * SECOND + at.tv_nsec / 1000;
}

/* Everything from the start of a regular descriptor, which is then closed; its last byte is NUL. */
static char *read_all(int descriptor, size_t *size) {
    struct stat about;
    if (fstat(descriptor, &about) || about.st_size < 1) fail("init: there are no orders", "");
    *size = (size_t)about.st_size;
    char *content = malloc(*size);
    for (size_t done = 0; content && done < *size;) {
        ssize_t got = pread(descriptor, content + done, *size - done, (off_t)done);
        if (got <= 0) fail("init: the orders cannot be read", "");
        done += (size_t)got;
    }
    if (!content || content[*size - 1]) fail("init: the orders are cut", "");
    close(descriptor);
    return content;
}

static void append(struct list *list, char *item) {
    list->items = realloc(list->items, (list->count + 2) * sizeof *list->items);
    if (!list->items) fail("init: no memory", "");
    list->items[list->count++] = item;
    list->items[list->count] = NULL;
}

/* Take one `name=value`. */
static void take(char *field) {
    char *value = strchr(field, '=');
    if (!value) fail("init: an order without a value: ", field);
    *value++ = 0;
    if (!strcmp(field, "cwd")) {
        orders.cwd = value;
        return;
    }
    for (size_t key = 0; key < KEY_COUNT; key++) {
        if (strcmp(field, KEYS[key].name)) continue;
        if (KEYS[key].list) {
            append(KEYS[key].list, value);
            return;
        }
        char *end;
        errno = 0;
        *KEYS[key].number = strtoll(value, &end, 10);
        if (errno || end == value || *end || *KEYS[key].number < 0) fail("init: no number: ", field);
        return;
    }
    fail("init: an unknown order: ", field);
}

/* Read the orders; all numbers, a command and a folder must be among them. */
static void read_orders(void) {
    size_t size;
    char *content = read_all(ORDERS, &size);
    for (char *field = content; field < content + size;) {
        char *next = field + strlen(field) + 1;
        take(field);
        field = next;
    }
    for (size_t key = 0; key < KEY_COUNT; key++)
        if (KEYS[key].number && *KEYS[key].number < 0) fail("init: an order is missing: ", KEYS[key].name);
    if (!orders.cwd || !orders.argv.count) fail("init: an order is missing: ", "argv, cwd");
    if (!orders.env.items) orders.env.items = calloc(1, sizeof *orders.env.items);
    if (!orders.env.items) fail("init: no memory", "");
}

static void close_from(unsigned first) {
    if (syscall(CLOSE_RANGE, first, ~0u, 0) == 0) return;
    for (int descriptor = (int)first; descriptor < 1 << 16; descriptor++) close(descriptor);
}

static void allow(int rules, const char *path, uint64_t allowed) {
    struct {
        uint64_t allowed;
        int32_t place;
    } __attribute__((packed)) rule = {allowed, open(path, O_PATH | O_CLOEXEC)};
    if (rule.place < 0) fail("init: cannot open ", path);
    if (syscall(LANDLOCK_ADD, rules, LANDLOCK_PATH_BENEATH, &rule, 0)) fail("Landlock refused the rule for ", path);
    close(rule.place);
}

/* A rule set under which only the writable trees and harmless devices can be changed: its descriptor, or -1. */
static int landlock(int *version) {
    *version = (int)syscall(LANDLOCK_CREATE, NULL, 0, LANDLOCK_VERSION);
    if (*version < 1) {
        *version = 0;
        return -1;
    }
    struct {
        uint64_t files, network, scopes;
    } handled = {FS_CHANGE | (*version > 1 ? FS_REFER : 0) | (*version > 2 ? FS_TRUNCATE : 0), 0,
                 *version > 5 ? SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS : 0};
    int rules = (int)syscall(LANDLOCK_CREATE, &handled, handled.scopes ? 24 : 8, 0);
    if (rules < 0) fail("Landlock refused the rule set", "");
    for (size_t at = 0; at < orders.writable.count; at++) allow(rules, orders.writable.items[at], handled.files);
    for (size_t at = 0; at < sizeof DEVICES / sizeof DEVICES[0]; at++)
        allow(rules, DEVICES[at], handled.files & (FS_WRITE_FILE | FS_TRUNCATE));
    return rules;
}

static int bound(int which, int64_t value) {
    struct rlimit now;
    if (getrlimit(which, &now)) return -1;
    rlim_t ceiling = (rlim_t)value < now.rlim_max ? (rlim_t)value : now.rlim_max;
    return setrlimit(which, &(struct rlimit){ceiling, ceiling});
}

/* Set the resource limits of this process, the same on every host; not 0 when one could not be set. */
static int limit(void) {
    int bad = bound(RLIMIT_CORE, 0);
    bad |= bound(RLIMIT_FSIZE, 2 * orders.scratch_bytes); /* above any one tmpfs: a full disk says so first */
    bad |= bound(RLIMIT_NOFILE, 1024);
    bad |= bound(RLIMIT_CPU, orders.cpu_us / SECOND + 2);
    bad |= bound(RLIMIT_STACK, 8 << 20);
    bad |= bound(RLIMIT_MEMLOCK, 64 << 10);
    bad |= bound(RLIMIT_MSGQUEUE, 64 << 10);
    if (orders.count_processes) bad |= bound(RLIMIT_NPROC, orders.pids + 1); /* and this init */
    return bad;
}

/* Turn this fresh child into the command; a line on `trouble` says why it could not. */
static _Noreturn void become(int rules, int trouble) {
    const char *step = "prepare", *what = "";
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    do {
        step = "enter Landlock";
        if (rules >= 0 && syscall(LANDLOCK_RESTRICT, rules, 0)) break;
        step = "prepare";
        for (int descriptor = orders.report ? 4 : 3; descriptor < trouble; descriptor++) close(descriptor);
        setsid(); /* what lies above `trouble` closes itself */
        step = "set the limits";
        if (limit()) break;
        step = "change to ", what = orders.cwd;
        if (chdir(orders.cwd)) break;
        step = "run ", what = orders.argv.items[0];
        execve(orders.argv.items[0], orders.argv.items, orders.env.items);
    } while (0);
    char text[4000];
    int length = snprintf(text, sizeof text, "cannot %s%s: %s", step, what, strerror(errno));
    if (write(trouble, text, length < (int)sizeof text ? (size_t)length : sizeof text - 1) < 0) _exit(126);
    _exit(127);
}

static void wake(int number) { (void)number; }

/* Fork and become the command; ends the run with `fail` when the command cannot be executed. */
static void start(int rules) {
    int pipes[2];
    char text[4096];
    if (pipe2(pipes, O_CLOEXEC)) fail("init: no pipe", "");
    main_child = fork();
    if (main_child < 0) fail("init: cannot fork: ", strerror(errno));
    if (main_child == 0) become(rules, pipes[1]);
    close(pipes[1]);
    ssize_t got;
    while ((got = read(pipes[0], text, sizeof text - 1)) < 0 && errno == EINTR) continue;
    close(pipes[0]);
    if (got < 0) fail("init: the command's start cannot be followed", "");
    text[got] = 0;
    if (got) fail(text, "");
}

/* Collect every child that is dead now; orphans of the command are ours. */
static void reap(void) {
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        if (pid == main_child) main_status = status;
}

static void stop(const char *why) {
    if (!stopped) stopped = why;
}

/* Take a stop order; a closed line means that the supervisor is dead, and pid 1's exit ends everyone. */
static void obey(void) {
    char order = 0;
    if (read(LINE, &order, 1) != 1) _exit(1);
    if (order != 'c' && order != 'm') fail("init: an unknown stop order", "");
    stop(order == 'c' ? "cpu" : "memory");
}

static int64_t usage_us(int who, int64_t *largest_kib) {
    struct rusage spent;
    getrusage(who, &spent);
    if (largest_kib && spent.ru_maxrss > *largest_kib) *largest_kib = spent.ru_maxrss;
    return ((int64_t)spent.ru_utime.tv_sec + spent.ru_stime.tv_sec) * SECOND + spent.ru_utime.tv_usec +
           spent.ru_stime.tv_usec;
}

/* Add what one process has used, from its /proc/PID/stat; nothing when it ended while we looked. */
static void add(const char *pid, int64_t *ticks, int64_t *pages) {
    char path[300], text[4096];
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return;
    ssize_t got = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    if (got <= 0) return;
    text[got] = 0;
    char *rest = strrchr(text, ')'), *mark = NULL;
    if (!rest) return;
    int position = 0;
    for (char *field = strtok_r(rest + 1, " ", &mark); field; field = strtok_r(NULL, " ", &mark), position++) {
        if (position >= 11 && position < 15) *ticks += atoll(field);
        if (position == 21) *pages += atoll(field);
    }
}

/* Whether a writable folder holds more files than ordered. */
static int crowded(void) {
    struct statvfs about;
    for (size_t at = 0; at < orders.writable.count; at++)
        if (!statvfs(orders.writable.items[at], &about) && (int64_t)(about.f_files - about.f_ffree) > orders.files)
            return 1;
    return 0;
}

/* Add up memory and CPU of the living, where no cgroup does. */
static void measure(void) {
    int64_t ticks = 0, pages = 0;
    DIR *processes = opendir("/proc");
    if (!processes) fail("init: cannot list /proc", "");
    for (struct dirent *entry; (entry = readdir(processes));)
        if (entry->d_name[0] > '0' && entry->d_name[0] <= '9' && strcmp(entry->d_name, "1"))
            add(entry->d_name, &ticks, &pages);
    closedir(processes);
    int64_t kib = pages * (sysconf(_SC_PAGESIZE) / 1024);
    if (kib > peak_kib) peak_kib = kib;
    if (orders.count_memory && (peak_kib > orders.memory_kib || crowded())) stop("memory");
    int64_t cpu = ticks * SECOND / sysconf(_SC_CLK_TCK) + usage_us(RUSAGE_CHILDREN, NULL);
    if (orders.count_cpu && cpu >= orders.cpu_us) stop("cpu");
}

/* Wait for the command's first process to end, or for the first limit crossed. `awake`: the signals let in. */
static void follow(int64_t began, const sigset_t *awake) {
    int polls = orders.count_memory || orders.count_cpu;
    for (;;) {
        reap();
        if (main_status >= 0 || stopped) return;
        int64_t left = began + orders.wall_us - now_us(CLOCK_MONOTONIC);
        if (left <= 0) {
            stop("wall");
            return;
        }
        if (polls && left > POLL_US) left = POLL_US;
        struct pollfd line = {LINE, POLLIN, 0};
        struct timespec wait = {left / SECOND, left % SECOND * 1000 + 999};
        if (wait.tv_nsec > 999999999) wait.tv_nsec = 999999999;
        if (ppoll(&line, 1, &wait, awake) > 0) obey();
        if (polls) measure();
    }
}

/* Let what the first process left behind come to its own end, for as long as the orders allow. */
static void linger(void) {
    int64_t end = now_us(CLOCK_MONOTONIC) + orders.linger_us;
    while (now_us(CLOCK_MONOTONIC) < end) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid < 0) return;
        if (pid == 0) nanosleep(&(struct timespec){0, 5000000}, NULL);
    }
}

/* Kill what is left and collect it: nothing but us lives in this pid namespace afterwards. */
static void finish(void) {
    int status;
    for (;;) {
        kill(-1, SIGKILL);
        pid_t pid = waitpid(-1, &status, 0);
        if (pid < 0 && errno == ECHILD) return;
        if (pid == main_child && main_status < 0) main_status = status;
    }
}

/* Whether `path` names something, following no link on the way, though the dead may have locked its folders. */
static int exists(const char *path) {
    char *here = calloc(1, strlen(path) + 2), *mark = NULL, *copy = strdup(path);
    struct stat found;
    if (!here || !copy) fail("init: no memory", "");
    int there = 1;
    for (char *part = strtok_r(copy, "/", &mark); part && there;) {
        char *next = strtok_r(NULL, "/", &mark);
        size_t length = strlen(here);
        here[length] = '/';
        strcpy(here + length + 1, part);
        int gone = lstat(here, &found);
        if (gone && errno == EACCES) {
            here[length] = 0;
            if (chmod(length ? here : "/", 0700)) fail("init: cannot look up ", path);
            here[length] = '/';
            gone = lstat(here, &found);
        }
        if (gone && errno != ENOENT && errno != ENOTDIR) fail("init: cannot look up ", path);
        there = !gone && (!next || S_ISDIR(found.st_mode));
        part = next;
    }
    free(here);
    free(copy);
    return there;
}

/* The indexes of the watched paths that exist. */
static char *present(void) {
    char *found = calloc(orders.watch.count + 1, 12), *at = found;
    if (!found) fail("init: no memory", "");
    for (size_t index = 0; index < orders.watch.count; index++)
        if (exists(orders.watch.items[index])) at += sprintf(at, at == found ? "%zu" : ",%zu", index);
    return at == found ? "-" : found;
}

static void report(int64_t wall_us, int64_t own_before) {
    int code = main_status & 0x7f;
    const char *how = stopped ? stopped : code == SIGXCPU ? "cpu" : code ? "signalled" : "exited";
    if (!strcmp(how, "exited")) code = main_status >> 8 & 0xff;
    int64_t cpu = usage_us(RUSAGE_CHILDREN, &peak_kib);
    int64_t own = now_us(CLOCK_PROCESS_CPUTIME_ID) - own_before;
    const char *found = present();
    size_t size = strlen(found) + 200;
    char *text = malloc(size);
    if (!text) fail("init: no memory", "");
    snprintf(text, size, "end %s %d %lld %lld %lld %lld %s\n", how, code, (long long)cpu, (long long)own,
             (long long)wall_us, (long long)peak_kib, found);
    say(text);
}

/* Open the ports ordered; how many, and their sockets. */
static size_t listeners(int opened[MOST_PORTS]) {
    if (orders.listen.count > MOST_PORTS) fail("init: too many ports", "");
    for (size_t at = 0; at < orders.listen.count; at++) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(orders.listen.items[at]))};
        opened[at] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (opened[at] < 0 || bind(opened[at], (struct sockaddr *)&address, sizeof address) ||
            listen(opened[at], BACKLOG))
            fail("init: cannot listen on port ", orders.listen.items[at]);
    }
    return orders.listen.count;
}

/* Tell the supervisor, and hand it the listening sockets. */
static void say_ready(int version, const int *opened, size_t count) {
    char text[40];
    snprintf(text, sizeof text, "ready %d\n", version);
    if (!count) {
        say(text);
        return;
    }
    union {
        struct cmsghdr first;
        char room[CMSG_SPACE(sizeof(int[MOST_PORTS]))];
    } control = {0};
    struct iovec vector = {text, strlen(text)};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    memcpy(CMSG_DATA(header), opened, count * sizeof(int));
    if (sendmsg(LINE, &message, 0) < 0) fail("init: cannot hand out the listening sockets", "");
    for (size_t at = 0; at < count; at++) close(opened[at]);
}

int main(void) {
    char go = 0;
    int opened[MOST_PORTS];
    int version;
    sigset_t child, awake;
    read_orders();
    close_from(FIRST_STRAY);
    /* No one in here may look into pid 1: its descriptors carry the verdict. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        fail("cannot protect the init process", "");
    /* A death interrupts the waiting, and nothing else. */
    sigemptyset(&awake);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = wake}, NULL);
    sigprocmask(SIG_SETMASK, &child, NULL);
    int rules = landlock(&version);
    if (!version && orders.landlock) fail("Landlock is gone", "");
    say_ready(version, opened, listeners(opened));
    if (read(LINE, &go, 1) != 1 || go != 'g') _exit(1);
    int64_t own_before = now_us(CLOCK_PROCESS_CPUTIME_ID), began = now_us(CLOCK_MONOTONIC);
    start(rules);
    follow(began, &awake);
    int64_t wall_us = now_us(CLOCK_MONOTONIC) - began;
    if (!stopped) linger();
    finish();
    report(wall_us, own_before);
    _exit(0);
}
