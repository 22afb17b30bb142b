// Haraka's plugin dns-list: haraka_lists.js IN_FLIGHT COUNT. Asks the server of /etc/resolv.conf about twelve lists for each of COUNT
// clients; prints microseconds of CPU for each. The plugin's own code runs, with a stand-in for Haraka's connection.
'use strict';
Object.assign(globalThis, { OK: 906, DENY: 902, DENYSOFT: 903 });
const plugin = require('haraka-plugin-dns-list');
const [inFlight, count] = process.argv.slice(2).map(Number);

const lists = Array.from({ length: 12 }, (_, list) => `bl${String(list).padStart(2, '0')}.test`);
let timeouts = 0;
let complaints = 0;
const running = Object.assign(Object.create(plugin), {
    zones: new Set(lists),
    cfg: { main: { search: 'all' }, stats: { enable: false } },
    should_skip: () => false,
    logerror: () => { complaints++; },
    logwarn: () => { complaints++; },
    disable_zone: () => { timeouts++; },
});
for (const list of lists) running.cfg[list] = { type: 'block', reject: true };

function connection(number) {
    const low = Number((BigInt(number) * 0x009e3779n) & 0xffffffn);
    const found = { fail: [], pass: [] };
    return {
        remote: { ip: `20.${low >> 16}.${(low >> 8) & 255}.${low & 255}` },
        notes: {},
        results: {
            add(_, result) {
                if (result.fail) found.fail.push(result.fail);
                if (result.pass) found.pass.push(result.pass);
            },
            get: () => found,
        },
    };
}

(async () => {
    let next = 0;
    let listed = 0;
    const before = process.cpuUsage();
    const work = async () => {
        while (next < count) {
            const one = connection(4_000_000 + next++);
            await new Promise((done) => plugin.onConnect.call(running, done, one));
            listed += one.results.get().fail.length;
        }
    };
    await Promise.all(Array.from({ length: inFlight }, work));
    const used = process.cpuUsage(before);
    console.log(((used.user + used.system) / count).toFixed(2));
    console.error(`# Haraka: ${listed} listed, ${timeouts} lists given up, ${complaints} complaints`);
})();
