'use strict';
// Builds the values of a step from their JSON form: fresh objects each time, whose keys are their own, `__proto__` too.

const { readFileSync } = require('fs');
const { PassThrough } = require('stream');
const P = require('./primordials');
const { Broken, Refused } = require('./channel');
const { fileOf, resolve, walk, split } = require('./references');

const MAX_LENGTH = 64 * 1024 * 1024;
const HOME = '/proof/';
const bufferFrom = Buffer.from;
const bufferConcat = Buffer.concat;
const bufferAlloc = Buffer.alloc;
const isBuffer = Buffer.isBuffer;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const decode = P.uncurry(TextDecoder.prototype.decode);
const endStream = P.uncurry(PassThrough.prototype.end);
const iterate = P.uncurry(Array.prototype.values);

function put(object, key, value) {
  P.define(object, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
}

class Values {
  // Against the names bound so far (an object without prototype) and the current size.
  constructor(names, owner, size, newCallback) {
    this.names = names;
    this.owner = owner;
    this.size = size;
    this.newCallback = newCallback;
    this.built = 0; // bytes that were made from the steps alone
  }

  weighed(value) {
    this.built += value.length * (P.isArray(value) ? 8 : 1);
    return value;
  }

  // A count: a number, or {"$size": factor}.
  count(spec) {
    const value = this.build(spec);
    if (typeof value !== 'number') throw new Broken(`a count must be a number, not ${typeof value}`);
    return value > 0 ? P.round(value) : 0;
  }

  // What "$name.attr.0" means: {value, holder}.
  bound(reference) {
    const plain = P.startsWith(reference, '$') ? P.slice(reference, 1) : reference;
    const parts = split(plain);
    if (!(parts[0] in this.names)) throw new Broken(`$${parts[0]} is not bound by an earlier step`);
    const start = this.names[parts[0]];
    if (parts.length === 1) return { __proto__: null, value: start, holder: undefined };
    return walk(start, parts, 1, reference);
  }

  build(spec) {
    if (P.isArray(spec)) return this.list(spec);
    if (typeof spec !== 'object' || spec === null) return spec;
    const keys = P.ownKeys(spec);
    for (let index = 0; index < keys.length; index++) {
      if (P.startsWith(keys[index], '$')) return this.marked(keys[index], spec[keys[index]]);
    }
    const made = {};
    for (let index = 0; index < keys.length; index++) put(made, keys[index], this.build(spec[keys[index]]));
    return made;
  }

  list(spec) {
    const made = [];
    for (let index = 0; index < spec.length; index++) put(made, index, this.build(spec[index]));
    return made;
  }

  marked(mark, inner) {
    switch (mark) {
      case '$': return this.handedOver(this.bound(inner).value, inner);
      case '$import': return this.handedOver(resolve(inner).value, inner);
      case '$bytes': return this.bytes(inner);
      case '$hex': return this.weighed(bufferFrom(withoutSpaces(inner), 'hex'));
      case '$text': return this.weighed(textOf(inner));
      case '$read': return this.weighed(readFileSync(HOME + inner));
      case '$path': return HOME + inner;
      case '$rep': return this.repeated(inner);
      case '$cat': return joined(this.build(inner));
      case '$size': return this.sized(inner);
      case '$tuple': return this.items(mark, inner);
      case '$set': return new Set(iterate(this.items(mark, inner)));
      case '$iter': return iterate(this.items(mark, inner));
      case '$aiter': return asynchronous(this.items(mark, inner));
      case '$stream': return streamOf(this.build(inner));
      case '$none': return null;
      case '$undefined': return undefined;
      case '$callback': return this.newCallback();
      default: throw new Broken(`this prover has no value ${mark} for node`);
    }
  }

  // A companion's function may be called by a step; the target calling it would make its effect the target's.
  handedOver(value, reference) {
    const path = typeof value === 'function' ? fileOf(value) : null;
    if (path !== null && !this.owner.owns(path)) {
      throw new Refused(`${reference} is a function of a companion, which may be called but not handed over`);
    }
    return value;
  }

  bytes(inner) {
    const value = joined(this.build(inner));
    if (typeof value !== 'string') throw new Broken('$bytes takes a text of Latin-1');
    for (let index = 0; index < value.length; index++) {
      if (P.charCode(value, index) > 255) throw new Broken('$bytes takes a text of Latin-1');
    }
    return bufferFrom(value, 'latin1');
  }

  repeated(inner) {
    const value = this.build(inner[0]);
    const count = this.count(inner[1]);
    const length = typeof value === 'string' || P.isArray(value) || isBuffer(value) ? value.length : -1;
    if (length < 0) throw new Broken(`$rep repeats a text, bytes or a list, not ${typeof value}`);
    if (length * count > MAX_LENGTH) throw new Broken(`$rep would be longer than ${MAX_LENGTH}`);
    if (typeof value === 'string') return this.weighed(P.repeat(value, count));
    if (isBuffer(value)) return this.weighed(length * count ? bufferAlloc(length * count, value) : bufferAlloc(0));
    const made = [];
    for (let index = 0; index < length * count; index++) put(made, index, value[index % length]);
    return this.weighed(made);
  }

  sized(inner) {
    if (this.size === null) throw new Broken('$size has a meaning only under the oracles cpu and memory');
    const size = P.round(inner * this.size);
    return size > 1 ? size : 1;
  }

  items(mark, inner) {
    const value = this.build(inner);
    if (!P.isArray(value)) throw new Broken(`${mark} takes a list, not ${typeof value}`);
    return value;
  }
}

function withoutSpaces(text) {
  let out = '';
  for (let index = 0; index < text.length; index++) if (P.charCode(text, index) > 32) out += text[index];
  return out;
}

function textOf(path) {
  try {
    return decode(decoder, readFileSync(HOME + path));
  } catch (error) {
    throw new Broken(`$text of ${path} is not UTF-8; read it with $read`);
  }
}

function joined(value) {
  if (typeof value === 'string' || isBuffer(value)) return value;
  if (!P.isArray(value) || value.length === 0) throw new Broken('$cat and $bytes take a text or a list of texts or bytes');
  const first = value[0];
  if (isBuffer(first)) {
    for (let index = 0; index < value.length; index++) if (!isBuffer(value[index])) throw new Broken('$cat of unlike parts');
    return bufferConcat(value);
  }
  let text = '';
  const made = [];
  for (let index = 0; index < value.length; index++) {
    const part = value[index];
    if (P.isArray(first) ? !P.isArray(part) : typeof part !== 'string') throw new Broken('$cat of unlike parts');
    if (typeof part === 'string') text += part;
    else for (let inner = 0; inner < part.length; inner++) put(made, made.length, part[inner]);
    if (text.length > MAX_LENGTH) throw new Broken(`$cat would be longer than ${MAX_LENGTH}`);
  }
  return P.isArray(first) ? made : text;
}

async function* asynchronous(items) {
  for (let index = 0; index < items.length; index++) yield items[index];
}

function streamOf(value) {
  if (typeof value !== 'string' && !isBuffer(value)) throw new Broken(`$stream takes a text or bytes, not ${typeof value}`);
  const stream = new PassThrough();
  endStream(stream, value);
  return stream;
}

module.exports = { Values, put };
