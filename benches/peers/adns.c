/* adns: adns SERVER IN_FLIGHT COUNT question|check (port 53 only)
 *
 * As cares.c. What adns calls ptr asks for the address, too, and so does its mx. */
#include <adns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { LISTS = 12 };

struct check {
    int open; /* questions */
};

struct question {
    struct check *check;
    adns_rrtype kind;
    char name[80];
};

static adns_state state;
static long in_flight, failed, listed, confirmed;

static double cpu(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

static void ask(struct check *check, adns_rrtype kind, const char *name) {
    struct question *question = malloc(sizeof *question);
    adns_query query;
    question->check = check;
    question->kind = kind;
    snprintf(question->name, sizeof question->name, "%s", name);
    check->open++;
    if (adns_submit(state, question->name, kind, adns_qf_quoteok_query, question, &query))
        exit(1);
}

static void closed(struct check *check) {
    if (--check->open == 0) {
        free(check);
        in_flight--;
    }
}

static void answered(struct question *question, adns_answer *answer) {
    if (answer->status == adns_s_ok && question->kind == adns_r_a) {
        listed++;
        ask(question->check, adns_r_txt, question->name);
    } else if (answer->status == adns_s_ok && question->kind != adns_r_txt)
        confirmed++;
    else if (answer->status != adns_s_ok && answer->status != adns_s_nxdomain)
        failed++;
    free(answer);
    closed(question->check);
    free(question);
}

static void begin(unsigned number, int whole) {
    struct check *check = calloc(1, sizeof *check);
    unsigned low = ((whole ? number : number / LISTS) * 0x009e3779u) & 0xffffffu;
    char reversed[40], name[80];
    int list, only = number % LISTS;
    in_flight++;
    check->open = 1; /* until all is asked */
    snprintf(reversed, sizeof reversed, "%u.%u.%u.20", low & 255, low >> 8 & 255, low >> 16);
    for (list = 0; list < LISTS; list++)
        if (whole || list == only) {
            snprintf(name, sizeof name, "%s.bl%02d.test", reversed, list);
            ask(check, adns_r_a, name);
        }
    if (whole) {
        snprintf(name, sizeof name, "%s.in-addr.arpa", reversed);
        ask(check, adns_r_ptr, name);
        snprintf(name, sizeof name, "s%u.mail.test", number);
        ask(check, adns_r_mx, name);
    }
    closed(check);
}

int main(int count, char **words) {
    if (count != 5)
        return 2;
    long window = atol(words[2]), total = atol(words[3]), next = 0;
    int whole = strcmp(words[4], "check") == 0;
    char configuration[100];
    snprintf(configuration, sizeof configuration, "nameserver %s\n", words[1]);
    if (adns_init_strcfg(&state, adns_if_noautosys, stderr, configuration))
        return 1;
    double before = cpu();
    while (next < total || in_flight > 0) {
        while (next < total && in_flight < window)
            begin(2000000 + next++, whole);
        adns_query query = NULL;
        adns_answer *answer;
        void *question;
        int error = adns_wait(state, &query, &answer, &question);
        while (!error) {
            answered(question, answer);
            query = NULL;
            error = adns_check(state, &query, &answer, &question);
        }
    }
    fprintf(stderr, "# adns: %ld listed, %ld confirmed, %ld failed\n", listed, confirmed, failed);
    printf("%.2f\n", (cpu() - before) / total);
    return 0;
}
