'use strict';
// Runs inside the sandbox under Node: tries values on the task's steps and says what happened, as trial.py does.
// Candidates run one after the other in a child; one that hangs, dies or pollutes costs that child, and a new one goes on.

const { spawn } = require('child_process');
const fs = require('fs');
const path = require('path');

const LONGEST = 1 << 17; // characters, bytes or items: what takes long only because it is huge is no finding
const RESULTS = 3; // the descriptor for results: what the target prints is none
const HERE = process.cwd();
const orders = JSON.parse(fs.readFileSync('trial.json', 'utf8'));
const token = fs.existsSync('canary/token') ? fs.readFileSync('canary/token', 'utf8') : '';
const mark = [...token].reverse().join(''); // what is to be inherited is not what is to be read
const canaries = {
  '{{canary.read}}': `${HERE}/canary/token`, '{{canary.exec}}': `${HERE}/canary/program`,
  '{{canary.write}}': `${HERE}/canary/written`, '{{canary.root}}': `${HERE}/canary`, '{{canary.token}}': mark,
};
const FRESH = [() => ({}), () => [], () => function fresh() {}, () => Object(''), () => Object(0), () => /x/, () => new Error('')];

class TooLong extends Error {}

function filled(text) {
  for (const name of Object.keys(canaries)) text = text.split(name).join(canaries[name]);
  return text;
}

function put(object, key, value) {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

// The value that a table of the answer's grammar stands for.
function built(value, values, bound) {
  if (typeof value === 'string') return filled(value);
  if (Array.isArray(value)) return value.map((item) => built(item, values, bound));
  if (value === null || typeof value !== 'object') return value;
  const keys = Object.keys(value);
  if (keys.length === 1 && keys[0].startsWith('$')) return marked(keys[0], value[keys[0]], values, bound);
  const made = {};
  for (const key of keys) put(made, filled(key), built(value[key], values, bound));
  return made;
}

function marked(mark, inner, values, bound) {
  switch (mark) {
    case '$input': return built(values[inner], values, bound);
    case '$bytes': return Buffer.from(filled(inner), 'latin1');
    case '$hex': return Buffer.from(inner, 'hex');
    case '$size': return inner;
    case '$none': return null;
    case '$undefined': return undefined;
    case '$': return found(`$${inner}`, bound)[0];
    case '$rep': return repeated(built(inner[0], values, bound), Number(built(inner[1], values, bound)));
    case '$cat': return joined(built(inner, values, bound));
    case '$read': return fs.readFileSync(inner);
    case '$text': return fs.readFileSync(inner, 'utf8');
    case '$path': return path.resolve(inner);
    default: throw new Error(`no value ${mark}`);
  }
}

function repeated(part, count) {
  if (part.length * count > LONGEST) throw new TooLong();
  if (typeof part === 'string') return part.repeat(count);
  const parts = Array(count).fill(part);
  return Buffer.isBuffer(part) ? Buffer.concat(parts) : [].concat(...parts);
}

function joined(parts) {
  if (parts.every(Buffer.isBuffer)) return Buffer.concat(parts);
  return parts.every(Array.isArray) ? [].concat(...parts) : parts.join('');
}

const loaded = new Map();

async function load(steps) {
  for (const step of steps) {
    const name = step.call || step.get || '';
    const specifier = name.slice(0, Math.max(0, name.lastIndexOf(':')));
    if (!specifier || loaded.has(specifier)) continue;
    try {
      loaded.set(specifier, require(specifier));
    } catch (error) {
      if (!String(error.code).startsWith('ERR_REQUIRE')) throw error;
      loaded.set(specifier, await import(require.resolve(specifier)));
    }
  }
}

// What a name stands for and what it is called on: `specifier:export.path`, or `$bound.method`.
function found(name, bound) {
  const colon = name.lastIndexOf(':');
  const parts = name.slice(colon + 1).split('.');
  let value = colon < 0 ? bound[parts.shift().slice(1)] : loaded.get(name.slice(0, colon));
  let holder;
  if (colon >= 0 && parts[0] === 'default' && !(Symbol.toStringTag in value)) parts.shift();
  for (const part of parts) [holder, value] = [value, value[part]];
  return [value, holder];
}

async function carryOut(steps, values) {
  const bound = Object.create(null);
  let result;
  for (const step of steps) {
    if ('get' in step) result = found(step.get, bound)[0];
    else if ('call' in step) {
      const [call, holder] = found(step.call, bound);
      const args = built(step.args || [], values, bound);
      result = step.new ? Reflect.construct(call, args) : Reflect.apply(call, holder, args);
      if (step.await) result = await result;
    } else throw new Error(`no step ${Object.keys(step)}`);
    if ('as' in step) bound[step.as] = result;
  }
  return result;
}

function kindOf(error) {
  if (error instanceof RangeError && /call stack/.test(error.message)) return 'RecursionError';
  return (error && error.constructor && error.constructor.name) || 'thrown';
}

// Whether fresh values inherit the token.
function polluted() {
  const holds = (value) => typeof value === 'string' && mark !== '' && value.includes(mark);
  return FRESH.some((fresh) => {
    for (let one = Object.getPrototypeOf(fresh()); one !== null; one = Object.getPrototypeOf(one)) {
      for (const key of Reflect.ownKeys(one)) {
        const { value } = Object.getOwnPropertyDescriptor(one, key);
        if (holds(key) || holds(value)) return true;
        if (value !== null && typeof value === 'object' && Object.keys(value).some((name) => holds(name) || holds(value[name]))) return true;
      }
    }
    return false;
  });
}

function taken(file) {
  const there = fs.existsSync(file);
  if (there) fs.rmSync ? fs.rmSync(file, { recursive: true }) : fs.unlinkSync(file);
  return there;
}

async function child(first) {
  const say = (line) => fs.writeSync(RESULTS, `${JSON.stringify(line)}\n`);
  await load(orders.steps);
  for (let index = first; index < orders.values.length; index++) {
    say({ begun: index });
    const began = process.cpuUsage();
    let how = 'ok';
    let text = '';
    try {
      text = String(JSON.stringify(await carryOut(orders.steps, orders.values[index])));
    } catch (error) {
      how = kindOf(error);
      text = String(error && error.message);
    }
    const used = process.cpuUsage(began);
    const dirty = polluted();
    say({
      how, cpu: (used.user + used.system) / 1e6, kib: Math.round(process.memoryUsage().rss / 1024), polluted: dirty,
      read: token !== '' && text.includes(token), written: taken('canary/written'), started: taken('canary/started'),
    });
    if (dirty) break; // nothing that runs after it could be believed
  }
  process.exit(0);
}

// Runs candidates from `first` in a child; goes on with the next one after whatever ended it.
function parent(first) {
  if (first >= orders.values.length) process.exit(0);
  const one = spawn(process.execPath, [__filename, 'child', String(first)], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  let at = first; // the candidate under way, or the next one
  let late = null;
  let rest = '';
  const tell = (line) => {
    fs.writeSync(1, `${JSON.stringify(line)}\n`);
    at += 1;
  };
  one.stdio[RESULTS].setEncoding('utf8').on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const said = JSON.parse(line);
      clearTimeout(late);
      if ('begun' in said) late = setTimeout(() => one.kill('SIGKILL'), orders.seconds * 1000);
      else tell(said);
    }
  });
  one.on('close', (code, signal) => {
    clearTimeout(late);
    const numbers = require('os').constants.signals;
    if (signal !== null) {
      const how = signal === 'SIGKILL' ? 'late' : `signal ${numbers[signal]}`;
      tell({ how, cpu: how === 'late' ? orders.seconds : 0, kib: 0 });
    } else if (at === first) tell({ how: 'gone', cpu: 0, kib: 0 });
    parent(at);
  });
}

if (process.argv[2] === 'child') child(Number(process.argv[3]));
else {
  fs.mkdirSync('canary', { recursive: true });
  fs.writeFileSync('canary/program', `#!/bin/sh\n: > ${HERE}/canary/started\n`, { mode: 0o755 });
  setTimeout(() => process.exit(0), orders.until * 1000); // a child does not outlive the sandbox
  parent(0);
}
