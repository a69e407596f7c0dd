'use strict';
// Names the target's functions that a run entered and that another release spells differently, the innermost first.

const { readFileSync } = require('fs');
const P = require('./primordials');
const { pathInTree, plainName } = require('./frames');

const MOST = 8;

class Coverage {
  constructor(owner, origins) {
    this.owner = owner;
    this.origins = origins;
  }

  start() {
    this.origins.enable();
    this.origins.post('Profiler.enable', { __proto__: null });
    this.origins.post('Profiler.startPreciseCoverage', { __proto__: null, callCount: true, detailed: false });
  }

  // `other` is the folder of the release to compare with. Shorter functions lie inside longer ones.
  changed(other) {
    const scripts = this.origins.post('Profiler.takePreciseCoverage', { __proto__: null }).result;
    const names = [];
    const lengths = [];
    for (let index = 0; index < scripts.length; index++) {
      const path = pathInTree(scripts[index].url);
      if (path === null || !this.owner.owns(path)) continue;
      const theirs = readOr(`${other}node_modules/${path}`, '');
      const source = this.origins.post('Debugger.getScriptSource', { __proto__: null, scriptId: scripts[index].scriptId }).scriptSource;
      this.compare(path, scripts[index].functions, source, theirs, names, lengths);
    }
    names.length = names.length < MOST ? names.length : MOST;
    return names;
  }

  compare(path, functions, source, theirs, names, lengths) {
    for (let index = 0; index < functions.length; index++) {
      const range = functions[index].ranges[0];
      if (!range.count || functions[index].functionName === '') continue;
      const text = P.slice(source, range.startOffset, range.endOffset);
      if (P.indexOf(theirs, text) < 0) insert(names, lengths, `${path}:${plainName(functions[index].functionName)}`, text.length);
    }
  }
}

function insert(names, lengths, name, length) {
  let place = names.length;
  while (place > 0 && lengths[place - 1] > length) {
    own(names, place, names[place - 1]);
    own(lengths, place, lengths[place - 1]);
    place -= 1;
  }
  own(names, place, name);
  own(lengths, place, length);
}

function own(list, index, value) {
  P.define(list, index, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
}

function readOr(path, fallback) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return fallback;
  }
}

module.exports = { Coverage };
