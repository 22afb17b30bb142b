//! A manual: what has gone wrong in the past, what here prevents it, and why each default is what it is. Nothing to call.
//!
//! # Disasters
//!
//! | what happened | in DNS | here |
//! |---|---|---|
//! | Osirusoft (August 2003), ORDB (March 2008), AHBL (January 2015) closed and listed everybody, so that their users would notice | a wildcard in 127.0.0.0/8 | a hit asks for two entries that no sane list holds; both are there: [`ListsEverything`](crate::dnsxl::ProblemKind::ListsEverything) |
//! | `*.blackholes.us` (October 2009): the addresses of its name servers got a new owner, who said yes to all | the same | the same; the text THIS RBL HAS LONG BEEN DEPRICATED is shown to the administrator |
//! | SpamCop (30 January 2021): the domain lapsed for a day, a registrar answered every name | addresses outside 127.0.0.0/8, or inside | the gate: one record outside is enough ([`Outside127`](crate::dnsxl::ProblemKind::Outside127)); what was remembered of the bad day is void when the list recovers |
//! | Spamhaus and others answer "you may not ask" through public resolvers; software by the dozen counted it as a listing | 127.255.255.252, .254, .255 | never a listing, whatever a filter says ([`Refused`](crate::dnsxl::ProblemKind::Refused)), with what to do about it |
//! | dnswl.org answers "highest trust" to everyone over quota; filters that trust it let all spam in | 127.0.10.3 for every address | an allow list needs the same proof as a deny list |
//! | SURBL, URIBL refuse by 127.0.0.1, which elsewhere is a listing, or a recommendation | 127.0.0.1 alone | no listing unless a filter or a profile writes it down ([`Ambiguous`](crate::dnsxl::ProblemKind::Ambiguous)) |
//! | A router's protection against DNS rebinding removes answers in 127.0.0.0/8: no list ever lists | NOERROR without records | entries that must exist are asked once, at first use; their absence makes misses [`Unknown`](crate::Verdict::Unknown) and the resolver [at fault](crate::report::ResolverFault::Strips127) |
//! | A provider answers for names that do not exist: every list lists, every sender exists | addresses of a web server | random names are tried; [one fault](crate::report::ResolverFault::RewritesNxdomain) instead of twelve dead lists |
//! | SORBS (June 2024), NiX Spam (January 2025) were emptied | the test entry is gone | [`Emptied`](crate::dnsxl::Health::Emptied): told, and harmless |
//! | A list stopped answering and held every message for half a minute | silence | one deadline for everything; after five silences, while others answer, the list is left alone, and tried again after 10 seconds to 10 minutes |
//! | A resolver had a bad minute and all mail was refused, or all was let in | SERVFAIL, timeouts | "could not tell" is a verdict; what it leads to is the policy's choice, and never a refusal for good |
//!
//! What can still happen: a list that starts to list everything is believed for up to 60 seconds after it was last proven
//! sane, by clients it did not list before. If its wildcard holds numbers only, so that random labels stay absent, that time
//! can last as long as the resolver remembers that 127.0.0.1 was absent (the negative TTL of the list) and 60 seconds more. Both bounds are
//! measured by tests. A resolver that begins to remove 127.0.0.0/8 while it is in use is noticed by
//! [`Checker::probe`](crate::Checker::probe) and [`Checker::watch`](crate::Checker::watch) only, since nothing but misses shows.
//!
//! # Defaults
//!
//! | default | why |
//! |---|---|
//! | no lists | a list inside a library outlives the list itself; lists are the administrator's own choice |
//! | proof for 60 seconds | long enough that a busy server proves each list once a minute (2 questions), short enough that a death costs a minute |
//! | 5 seconds for a check | SMTP clients wait minutes, but a server that asks at connect time holds a process while it waits |
//! | 4 seconds for one question, re-sent after 0.4 s | a recursive resolver needs up to some seconds on a cold cache; what is lost is lost within milliseconds |
//! | an unheard deny list is ignored | as Postfix does: no list is worth all mail |
//! | an unheard allow list turns a refusal into a deferral | it might have said yes, and the client can come again |
//! | 10 names, 10 mail exchangers | RFC 7208 §4.6.4 and RFC 8601 §3: what a stranger publishes must not cost us more |
//! | failures are remembered for 5 seconds | RFC 9520 wants one second at least; a retry of the same message comes later |
//! | special-purpose addresses are not asked about | no public list knows them, and the question tells the list about our network |
//! | `rfc` policy | refuses only what the RFCs call for; forged or missing names are local policy |
