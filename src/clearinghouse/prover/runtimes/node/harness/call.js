'use strict';
// Form 1: carries out the finder's steps on the target and reports what came of it. The job is JSON on stdin.
// Promises one line `end` when all is said; a faulty proof says `broken` or `refused`, never silence.

const { readFileSync } = require('fs');
const P = require('./primordials');
const { say, useKey, Broken, Refused } = require('./channel');
const { Owner } = require('./frames');
const { Session } = require('./steps');
const { Clock } = require('./clock');
const { Coverage } = require('./coverage');
const { watch } = require('./effects');
const { polluted } = require('./pollution');
const { textOf, chain, lineOf, namesOf } = require('./report');
const references = require('./references');

const LINGER_MILLISECONDS = 1000;
const exit = process.reallyExit;
const later = setTimeout;
const TypeErrors = TypeError;
const OVERFLOW = 'Maximum call stack size exceeded';
const job = bare(P.parse(readFileSync(0, 'utf8')));
useKey(job.key);
delete job.key;
const owner = new Owner(job.own);
let state = 'loading'; // then "running", "done"
let session = null;

// The same JSON without prototypes: what the target pollutes must not show up as a key of a step.
function bare(value) {
  if (typeof value !== 'object' || value === null) return value;
  const copy = P.isArray(value) ? [] : P.create(null);
  const keys = P.ownKeys(value);
  for (let index = 0; index < keys.length; index++) {
    if (!P.isArray(value) || keys[index] !== 'length') {
      P.define(copy, keys[index], {
        __proto__: null, value: bare(value[keys[index]]), writable: true, enumerable: true, configurable: true,
      });
    }
  }
  return copy;
}

// Load what the steps name before any clock runs. What cannot be loaded is said by the step that needs it.
async function prepare(value) {
  if (typeof value !== 'object' || value === null) return;
  const keys = P.ownKeys(value);
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index];
    const item = value[key];
    if (typeof item === 'string' && (key === 'call' || key === 'get' || key === '$import')) {
      const colon = P.lastIndexOf(item, ':');
      if (colon > 0 && !P.startsWith(item, 'builtins:')) {
        await references.load(P.slice(item, 0, colon));
        foresee(item);
      }
    }
    if (!P.isArray(value) || key !== 'length') await prepare(item);
  }
}

// Have it known where a function comes from before the clock runs.
function foresee(reference) {
  try {
    references.resolve(reference);
  } catch (error) {
    // the step that asks says what is wrong
  }
}

function reportRaised(error) {
  const found = owner.ofError(error);
  if (!found.inside && session !== null && session.calling && error instanceof TypeErrors) {
    throw new Broken(`the call does not fit: ${chain(error)}`);
  }
  const words = chain(error);
  say({
    __proto__: null,
    done: true,
    text: `raised ${words}`,
    recursion: P.indexOf(words, OVERFLOW) >= 0 && found.inside,
    raised: found.function !== null ? namesOf(error) : [],
    function: found.function !== null ? found.function : session && session.called,
    line: lineOf(found.path, found.line),
  });
}

function reportReturned() {
  let shown = '';
  for (let index = 0; index < job.show.length; index++) {
    shown += (index ? '\n' : '') + textOf(session.values.bound(job.show[index]).value);
  }
  say({ __proto__: null, done: true, text: `returned ${shown}`, recursion: false, function: session.called });
}

async function once(size, clock) {
  session = new Session(owner, size);
  if (clock !== null) clock.start(size);
  let failed = false;
  let thrown;
  try {
    await session.run(job.steps);
  } catch (error) {
    if (error instanceof Broken) throw error;
    failed = true;
    thrown = error;
  }
  const spent = clock !== null ? clock.end() : 0;
  session.weigh(0);
  if (failed) reportRaised(thrown);
  else reportReturned();
  return spent;
}

async function measure() {
  const clock = new Clock(owner, references.origins);
  const sizes = job.sizes.length ? job.sizes : [null];
  for (let index = 0; index < sizes.length; index++) {
    const spent = await once(sizes[index], clock);
    if (job.until && spent >= job.until) break;
  }
  clock.tell();
}

async function main() {
  watch(job.needles, (error) => ({ __proto__: null, function: owner.ofError(error).function, doubt: null }));
  await prepare(job.steps);
  if (job.idle) return;
  state = 'running';
  if (job.clock) {
    await measure();
  } else {
    const coverage = job.compare ? new Coverage(owner, references.origins) : null;
    if (coverage !== null) coverage.start();
    await once(job.sizes.length ? job.sizes[0] : null, null);
    if (coverage !== null) say({ __proto__: null, changed: coverage.changed(job.compare) });
  }
}

function fail(error) {
  if (error instanceof Refused) say({ __proto__: null, refused: error.message });
  else if (error instanceof Broken) say({ __proto__: null, broken: error.message });
  else say({ __proto__: null, broken: `the harness failed: ${chain(error)}` });
}

// The last word. Effects may be under way when the steps are done: the loop gets a second to run empty.
function finish() {
  if (state === 'running') say({ __proto__: null, broken: 'what a step awaited never came' });
  state = 'over';
  say({ __proto__: null, polluted: polluted(job.token) });
  say({ __proto__: null, end: true });
  exit(0);
}

function settle() {
  state = 'done';
  if (job.clock) finish();
  else later(finish, LINGER_MILLISECONDS).unref();
}

process.on('beforeExit', finish);
process.on('uncaughtException', (error) => {
  if (state === 'running' || state === 'done') {
    try {
      reportRaised(error);
    } catch (second) {
      fail(second);
    }
    state = 'done';
  }
  finish();
});
P.then(main(), settle, (error) => {
  fail(error);
  settle();
});
