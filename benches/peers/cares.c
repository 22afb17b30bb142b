/* c-ares: cares SERVER IN_FLIGHT COUNT question|check
 *
 * question: COUNT list questions, IN_FLIGHT at a time. check: COUNT whole checks (12 lists, a hit's text, PTR and its
 * address, MX and its address), IN_FLIGHT at a time. Prints microseconds of CPU for each. */
#include <ares.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { LISTS = 12 };

struct check {
    unsigned number;
    int open; /* questions */
};

struct question {
    struct check *check;
    int kind;
    char name[80];
};

static ares_channel channel;
static long in_flight, failed, listed, confirmed;

static double cpu(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

static void client(unsigned number, unsigned octets[4]) {
    unsigned low = (number * 0x009e3779u) & 0xffffffu;
    octets[0] = 20, octets[1] = low >> 16, octets[2] = low >> 8 & 255, octets[3] = low & 255;
}

static void answered(void *given, int status, int timeouts, unsigned char *answer, int length);

static void ask(struct check *check, int kind, const char *name) {
    struct question *question = malloc(sizeof *question);
    question->check = check;
    question->kind = kind;
    snprintf(question->name, sizeof question->name, "%s", name);
    check->open++;
    ares_query(channel, question->name, ns_c_in, kind, answered, question);
}

static void answered(void *given, int status, int timeouts, unsigned char *answer, int length) {
    struct question *question = given;
    struct check *check = question->check;
    (void)timeouts;
    if (status == ARES_SUCCESS && question->kind == ns_t_a) {
        struct ares_addrttl addresses[8];
        int count = 8;
        if (ares_parse_a_reply(answer, length, NULL, addresses, &count) != ARES_SUCCESS || count == 0)
            failed++;
        else if (strstr(question->name, ".bl")) {
            listed++;
            ask(check, ns_t_txt, question->name);
        } else
            confirmed++;
    } else if (status == ARES_SUCCESS && question->kind == ns_t_ptr) {
        struct hostent *host = NULL;
        struct in_addr nobody = {0};
        if (ares_parse_ptr_reply(answer, length, &nobody, sizeof nobody, AF_INET, &host) == ARES_SUCCESS) {
            ask(check, ns_t_a, host->h_name);
            ares_free_hostent(host);
        } else
            failed++;
    } else if (status == ARES_SUCCESS && question->kind == ns_t_mx) {
        struct ares_mx_reply *hosts = NULL;
        if (ares_parse_mx_reply(answer, length, &hosts) == ARES_SUCCESS && hosts) {
            ask(check, ns_t_a, hosts->host);
            ares_free_data(hosts);
        } else
            failed++;
    } else if (status == ARES_SUCCESS && question->kind == ns_t_txt) {
        struct ares_txt_reply *text = NULL;
        if (ares_parse_txt_reply(answer, length, &text) == ARES_SUCCESS)
            ares_free_data(text);
        else
            failed++;
    } else if (status != ARES_ENOTFOUND)
        failed++;
    free(question);
    if (--check->open == 0) {
        free(check);
        in_flight--;
    }
}

static void begin(unsigned number, int whole) {
    struct check *check = calloc(1, sizeof *check);
    unsigned octets[4];
    char name[80];
    int list, only = number % LISTS;
    in_flight++;
    check->number = number;
    check->open = 1; /* until all is asked */
    client(whole ? number : number / LISTS, octets);
    for (list = 0; list < LISTS; list++)
        if (whole || list == only) {
            snprintf(name, sizeof name, "%u.%u.%u.%u.bl%02d.test", octets[3], octets[2], octets[1], octets[0], list);
            ask(check, ns_t_a, name);
        }
    if (whole) {
        snprintf(name, sizeof name, "%u.%u.%u.%u.in-addr.arpa", octets[3], octets[2], octets[1], octets[0]);
        ask(check, ns_t_ptr, name);
        snprintf(name, sizeof name, "s%u.mail.test", number);
        ask(check, ns_t_mx, name);
    }
    if (--check->open == 0) {
        free(check);
        in_flight--;
    }
}

int main(int count, char **words) {
    if (count != 5)
        return 2;
    long window = atol(words[2]), total = atol(words[3]), next = 0;
    int whole = strcmp(words[4], "check") == 0;
    struct ares_options options;
    memset(&options, 0, sizeof options);
    options.flags = ARES_FLAG_NOSEARCH;
    ares_library_init(ARES_LIB_INIT_ALL);
    if (ares_init_options(&channel, &options, ARES_OPT_FLAGS) || ares_set_servers_ports_csv(channel, words[1]))
        return 1;
    double before = cpu();
    while (next < total || in_flight > 0) {
        while (next < total && in_flight < window)
            begin(1000000 + next++, whole);
        ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
        int wanted = ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM), used = 0, at;
        struct pollfd polled[ARES_GETSOCK_MAXNUM];
        for (at = 0; at < ARES_GETSOCK_MAXNUM; at++) {
            short events = (ARES_GETSOCK_READABLE(wanted, at) ? POLLIN : 0) | (ARES_GETSOCK_WRITABLE(wanted, at) ? POLLOUT : 0);
            if (events)
                polled[used++] = (struct pollfd){sockets[at], events, 0};
        }
        if (poll(polled, used, 100) <= 0)
            ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
        for (at = 0; at < used; at++)
            if (polled[at].revents)
                ares_process_fd(channel, polled[at].revents & POLLIN ? polled[at].fd : ARES_SOCKET_BAD,
                                polled[at].revents & POLLOUT ? polled[at].fd : ARES_SOCKET_BAD);
    }
    fprintf(stderr, "# c-ares %s: %ld listed, %ld confirmed, %ld failed\n", ares_version(NULL), listed, confirmed, failed);
    printf("%.2f\n", (cpu() - before) / total);
    return 0;
}
