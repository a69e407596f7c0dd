'use strict';
// Tells where a function was written: a file of the tree, a text evaluated by the target, Node itself, or nowhere (native).
// The engine's inspector says so, which no function can talk out of: its name, text and properties are not asked.

const inspector = require('inspector');
const { isProxy } = require('util').types;
const { randomBytes } = require('crypto');
const P = require('./primordials');
const { Broken } = require('./channel');

const HOLDER = `clearinghouse_${randomBytes(8).toString('hex')}`;
const MAX_LAYERS = 8; // of binding and proxying
const NATIVE = null;

class Origins {
  constructor() {
    this.urls = new Map();
    this.session = new inspector.Session();
    this.session.connect();
    this.paths = P.create(null); // file of a script -> ids of every script that claims it
    this.session.on('Debugger.scriptParsed', (event) => this.take(event.params.scriptId, event.params.url));
    this.known = new Map(); // function -> its URL or null
    this.enabled = false;
  }

  take(id, url) {
    P.mapSet(this.urls, id, url);
    const path = P.startsWith(url, 'file://') ? P.slice(url, 7) : url;
    const ids = this.paths[path] || [];
    P.define(ids, ids.length, { __proto__: null, value: id, enumerable: true, configurable: true });
    this.paths[path] = ids;
  }

  // The ids of all scripts that go by the name of a file.
  scriptsAt(path) {
    return this.paths[path] || [];
  }

  post(method, params) {
    let failed = null;
    let answer = null;
    this.session.post(method, params, (error, result) => {
      failed = error;
      answer = result;
    });
    if (failed !== null || answer === null) throw new Broken(`the engine's inspector did not answer ${method}`);
    return answer;
  }

  enable() {
    if (this.enabled) return;
    this.post('Debugger.enable', { __proto__: null });
    this.enabled = true;
  }

  // The URL of the script that holds the function ('' for evaluated text), or null for a function of the engine's own.
  of(value) {
    const known = P.mapGet(this.known, value);
    if (known !== undefined) return known;
    const url = this.ask(value);
    P.mapSet(this.known, value, url);
    return url;
  }

  ask(value) {
    this.enable();
    P.define(globalThis, HOLDER, { __proto__: null, value, configurable: true });
    try {
      const found = this.post('Runtime.evaluate', { __proto__: null, expression: HOLDER, objectGroup: HOLDER });
      return this.locate(found.result.objectId, 0);
    } finally {
      delete globalThis[HOLDER];
      this.post('Runtime.releaseObjectGroup', { __proto__: null, objectGroup: HOLDER });
    }
  }

  locate(objectId, depth) {
    if (objectId === undefined || depth > MAX_LAYERS) return NATIVE;
    const asked = { __proto__: null, objectId, ownProperties: true };
    const inner = this.post('Runtime.getProperties', asked).internalProperties;
    if (inner === undefined) return NATIVE;
    for (let index = 0; index < inner.length; index++) {
      const item = inner[index];
      if (item.name === '[[FunctionLocation]]') {
        const url = P.mapGet(this.urls, item.value.value.scriptId);
        return url === undefined ? NATIVE : url;
      }
      // What is bound or behind a proxy counts: the layers add no code of their own but the target's.
      if (item.name === '[[TargetFunction]]' || item.name === '[[Target]]') {
        return this.locate(item.value.objectId, depth + 1);
      }
    }
    return NATIVE;
  }
}

module.exports = { Origins, isProxy };
