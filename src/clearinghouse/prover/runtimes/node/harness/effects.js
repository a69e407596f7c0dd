'use strict';
// Notes which function touches a canary by way of Node's modules. Telemetry: it may lower a verdict, never raise one.

const P = require('./primordials');
const { say } = require('./channel');

const MAX_NOTES = 16;
const MAX_DEPTH = 3;
const FS = [
  'open', 'openSync', 'readFile', 'readFileSync', 'writeFile', 'writeFileSync', 'appendFile', 'appendFileSync', 'mkdir', 'mkdirSync',
  'rename', 'renameSync', 'symlink', 'symlinkSync', 'link', 'linkSync', 'copyFile', 'copyFileSync', 'createReadStream',
  'createWriteStream', 'truncate', 'truncateSync', 'mkdtemp', 'mkdtempSync',
];
const PROMISES = ['open', 'readFile', 'writeFile', 'appendFile', 'mkdir', 'rename', 'symlink', 'link', 'copyFile'];
const STARTS = ['spawnSync', 'execFileSync', 'execSync'];
const NewProxy = Proxy;
const NewError = Error;

// From now on, say for each call that touches one of `needles` what `judge(stack)` makes of it: {function, doubt}.
function watch(needles, judge) {
  let left = MAX_NOTES;
  function note(event, args) {
    if (left === 0 || !touches(args, needles, 0)) return;
    left -= 1;
    try {
      const found = judge(new NewError('effect'));
      say({ __proto__: null, effect: event, function: found.function, doubt: found.doubt });
    } catch (error) {
      // telemetry must never change what the target sees
    }
  }
  const processes = require('child_process');
  const files = require('fs');
  wrap(processes.ChildProcess.prototype, 'spawn', 'child_process.spawn', note);
  for (const name of STARTS) wrap(processes, name, `child_process.${name}`, note);
  for (const name of FS) wrap(files, name, `fs.${name}`, note);
  for (const name of PROMISES) wrap(files.promises, name, `fs.promises.${name}`, note);
  const { syncBuiltinESMExports } = require('module');
  if (syncBuiltinESMExports) syncBuiltinESMExports();
}

// A proxy keeps the function's name, text and properties.
function wrap(holder, name, event, note) {
  const plain = holder[name];
  const handler = P.create(null);
  handler.apply = (target, self, args) => {
    note(event, args);
    return P.apply(target, self, args);
  };
  holder[name] = new NewProxy(plain, handler);
}

function touches(value, needles, depth) {
  if (typeof value === 'string') {
    for (let index = 0; index < needles.length; index++) if (P.indexOf(value, needles[index]) >= 0) return true;
    return false;
  }
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH || ArrayBuffer.isView(value)) return false;
  try {
    const keys = P.ownKeys(value);
    for (let index = 0; index < keys.length && index < 100; index++) {
      if (keys[index] === 'env' || keys[index] === 'envPairs') continue; // scripts are told of their canaries there
      const property = P.describe(value, keys[index]);
      if (property !== undefined && touches(property.value, needles, depth + 1)) return true;
    }
  } catch (error) {
    return false;
  }
  return false;
}

module.exports = { watch };
