'use strict';
// Form 2: loaded before a finder's script, watches where its effects come from, as well as that can be done from inside.

const P = require('./primordials');
const { say } = require('./channel');
const { Owner } = require('./frames');
const { Origins } = require('./origins');
const { Clock } = require('./clock');
const { watch } = require('./effects');
const { Witness, MAX_FRAMES } = require('./witness');

const spec = process.env.CLEARINGHOUSE_WATCH;
delete process.env.CLEARINGHOUSE_WATCH;
if (spec) begin(P.parse(spec));

function begin(job) {
  const owner = new Owner(job.own);
  const origins = new Origins();
  const witness = new Witness(owner, origins);
  Error.stackTraceLimit = MAX_FRAMES;
  watch(job.needles, (error) => witness.judge(error));
  if (job.sample) sample(owner, origins, witness);
}

// Where CPU time went is known when the script ends by itself; one that is stopped leaves no samples, which is a doubt.
function sample(owner, origins, witness) {
  const clock = new Clock(owner, origins);
  clock.sample();
  process.on('exit', () => {
    clock.collect();
    const names = P.ownKeys(clock.counts);
    for (let index = 0; index < names.length; index++) {
      const path = P.slice(names[index], 0, P.lastIndexOf(names[index], ':'));
      if (!witness.genuine(path)) say({ __proto__: null, effect: 'cpu', function: null, doubt: `code under the name of ${path} is not that file's` });
    }
    clock.tell();
  });
}
