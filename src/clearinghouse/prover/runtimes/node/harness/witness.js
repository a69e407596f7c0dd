'use strict';
// Tells the target's own frames from borrowed names: what claims a file of the target must be that file, byte for byte.

const { readFileSync } = require('fs');
const P = require('./primordials');
const { TREE, pathInTree, plainName } = require('./frames');

const HARNESS = '/opt/clearinghouse/';
const MAX_FRAMES = 200;
const ORIGIN = /\((?:file:\/\/)?(\/[^()]+):\d+:\d+\)+$/; // where a text was evaluated; a name before it may say anything
const Errors = Error;

// The engine's own accessors of a frame, taken before a script can replace them.
const CallSite = (() => {
  const saved = Error.prepareStackTrace;
  Error.prepareStackTrace = (error, sites) => sites;
  const prototype = P.protoOf(new Error('frames').stack[0]);
  Error.prepareStackTrace = saved;
  const accessors = P.create(null);
  for (const name of ['getFileName', 'getFunctionName', 'getEvalOrigin', 'isEval', 'isNative']) {
    accessors[name] = P.uncurry(prototype[name]);
  }
  return accessors;
})();

class Witness {
  constructor(owner, origins) {
    this.owner = owner;
    this.origins = origins;
    this.judged = P.create(null); // path -> whether every script under its name is that file
    origins.enable();
  }

  // {function, doubt} of an error's stack: the first frame outward that is neither Node's nor a companion's.
  judge(error) {
    const sites = framesOf(error);
    if (sites === null) return { __proto__: null, function: null, doubt: 'stack traces are made by the script' };
    let born = null;
    for (let index = 0; index < sites.length; index++) {
      const place = placeOf(sites[index]);
      if (place === null) continue;
      const path = pathInTree(place.file);
      if (path === null) return { __proto__: null, function: born, doubt: null };
      if (!this.owner.owns(path)) continue;
      if (!this.genuine(path)) {
        return { __proto__: null, function: null, doubt: `code under the name of ${path} is not that file's` };
      }
      const name = `${path}:${plainName(place.name)}`;
      if (!place.evaluated) return { __proto__: null, function: name, doubt: null };
      born = name; // the target made this code from a text: it belongs to whoever called it in the target
    }
    return { __proto__: null, function: born, doubt: null };
  }

  genuine(path) {
    let source = '';
    try {
      source = withoutMark(readFileSync(TREE + path, 'utf8'));
    } catch (error) {
      return false;
    }
    const scripts = this.origins.scriptsAt(TREE + path);
    for (let index = 0; index < scripts.length; index++) {
      const known = `${scripts[index]} ${path}`;
      if (this.judged[known] === undefined) {
        const found = this.origins.post('Debugger.getScriptSource', { __proto__: null, scriptId: scripts[index] });
        this.judged[known] = withoutMark(found.scriptSource) === source;
      }
      if (!this.judged[known]) return false;
    }
    return true;
  }
}

function withoutMark(text) {
  return P.charCode(text, 0) === 0xfeff ? P.slice(text, 1) : text;
}

function framesOf(error) {
  const saved = P.describe(Errors, 'prepareStackTrace');
  let sites = null;
  const take = (_, found) => { sites = found; return ''; };
  P.define(Errors, 'prepareStackTrace', { __proto__: null, value: take, writable: true, configurable: true });
  try {
    P.text(error.stack);
  } catch (second) {
    sites = null;
  }
  if (saved === undefined) delete Errors.prepareStackTrace;
  else P.define(Errors, 'prepareStackTrace', saved);
  return sites;
}

// {file, name, evaluated} of a frame; null for what may stand between effect and target.
function placeOf(site) {
  if (CallSite.isNative(site)) return null;
  let file = CallSite.getFileName(site);
  const name = CallSite.getFunctionName(site);
  const origin = CallSite.isEval(site) ? CallSite.getEvalOrigin(site) : undefined;
  if (typeof origin === 'string') {
    const place = P.exec(ORIGIN, origin);
    return { __proto__: null, file: place === null ? '' : place[1], name, evaluated: true };
  }
  if (typeof file !== 'string') return null;
  if (P.startsWith(file, 'file://')) file = P.slice(file, 7);
  if (P.startsWith(file, 'node:') || P.startsWith(file, HARNESS) || P.startsWith(file, 'internal/')) return null;
  return { __proto__: null, file, name, evaluated: false };
}

module.exports = { Witness, MAX_FRAMES };
