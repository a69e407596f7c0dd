'use strict';
// Carries out the steps of form 1 on the target: calls, reads, sets, repeats; nothing else, and nothing conditional.

const P = require('./primordials');
const { Broken, Refused, say } = require('./channel');
const { Values, put } = require('./values');
const { PLAIN } = require('./builtins');
const { fileOf, isExports, isForeign, isObject, resolve, refuse } = require('./references');

const MAX_REPEATS = 10000000;
const WORTH_TELLING = 1 << 20;
// Methods of plain data that change it.
const CHANGES = {
  __proto__: null, push: true, pop: true, shift: true, unshift: true, splice: true, sort: true, reverse: true, fill: true,
  copyWithin: true, set: true, delete: true, add: true, clear: true, append: true, write: true,
};
const NewPromise = Promise;

class Session {
  // One pass through a list of steps: the names bound, the last result, the last function of the target called.
  constructor(owner, size) {
    this.owner = owner;
    this.names = P.create(null);
    this.called = null;
    this.calling = false; // whether a call of the target is under way, begun by a step itself
    this.told = 0; // bytes that values took, as last said
    this.callback = null; // the promise of the callback made last
    this.shared = new Set(); // objects that modules of the target keep
    this.values = new Values(this.names, owner, size, () => this.newCallback());
  }

  // A function that notes the arguments of its first call; a step that awaits gets them as its result.
  newCallback() {
    let fulfil = null;
    this.callback = new NewPromise((resolved) => { fulfil = resolved; });
    return function callback() {
      const given = [];
      for (let index = 0; index < arguments.length; index++) put(given, index, arguments[index]);
      fulfil(given);
    };
  }

  async run(steps) {
    for (let index = 0; index < steps.length; index++) {
      const step = steps[index];
      if ('repeat' in step) await this.repeat(step);
      else if ('set' in step) this.set(step);
      else if ('get' in step) this.bind(step, this.reach(step.get).value);
      else if (step.await || step.drain) await this.callAndWait(step);
      else this.bind(step, this.call(step));
    }
  }

  async repeat(step) {
    const count = this.values.count(step.repeat);
    if (count > MAX_REPEATS) throw new Broken(`repeat ${count} is more than ${MAX_REPEATS}`);
    for (let round = 0; round < count; round++) await this.run(step.do);
  }

  reach(reference) {
    if (P.indexOf(reference, ':') < 0) return this.values.bound(reference);
    const found = resolve(reference);
    if (isObject(found.value)) P.setAdd(this.shared, found.value);
    if (isObject(found.holder)) P.setAdd(this.shared, found.holder);
    return found;
  }

  bind(step, value) {
    this.names.result = value;
    if ('as' in step) this.names[step.as] = value;
  }

  call(step) {
    const found = this.reach(step.call);
    if (typeof found.value !== 'function') throw new Broken(`${step.call} is no function`);
    refuse(found.value, step.call);
    if (PLAIN.has(found.value) && CHANGES[lastPart(step.call)] === true) this.refuseShared(found.holder, step.call);
    this.callback = null;
    const args = this.values.build('args' in step ? step.args : []);
    this.weigh(WORTH_TELLING);
    this.note(found.value, step.call);
    this.calling = true;
    const result = step.new ? P.construct(found.value, args) : P.apply(found.value, found.holder, args);
    this.calling = false;
    return result;
  }

  // Say how many bytes the values took so far, before a call that may end the run; not for every little.
  weigh(least) {
    if (this.values.built > 2 * this.told + least) {
      this.told = this.values.built;
      say({ __proto__: null, built: this.told });
    }
  }

  async callAndWait(step) {
    let result = this.call(step);
    if (step.await) result = await (this.callback !== null ? this.callback : result);
    if (step.drain) result = await drained(result);
    this.bind(step, result);
  }

  set(step) {
    const dot = P.lastIndexOf(step.set, '.');
    const owner = this.values.bound(P.slice(step.set, 0, dot)).value;
    const attribute = P.slice(step.set, dot + 1);
    const value = this.values.build(step.value);
    this.refuseShared(owner, step.set);
    refuseChange(owner, attribute, step.set);
    if (!P.assign(owner, attribute, value)) throw new Broken(`${step.set} cannot be set`);
  }

  refuseShared(holder, reference) {
    if (isObject(holder) && typeof holder !== 'function' && P.setHas(this.shared, holder) && !isExports(holder)) {
      throw new Refused(`${reference} changes data that a module of the target keeps`);
    }
  }

  note(value, reference) {
    const path = fileOf(value);
    if (path === null || !this.owner.owns(path)) return;
    const named = P.describe(value, 'name');
    const name = named !== undefined && typeof named.value === 'string' && named.value !== '' ? named.value : lastPart(reference);
    this.called = `${path}:${P.startsWith(name, 'bound ') ? P.slice(name, 6) : name}`;
  }
}

function lastPart(reference) {
  const dot = P.lastIndexOf(reference, '.');
  const colon = P.lastIndexOf(reference, ':');
  return P.slice(reference, (dot > colon ? dot : colon) + 1);
}

// Steps may set data. Who may set code can make any release insecure.
function refuseChange(owner, attribute, reference) {
  if (!isObject(owner)) throw new Broken(`${reference}: only an object's property can be set`);
  if (typeof owner === 'function') throw new Refused(`${reference} changes a function of the target; set data of an object`);
  if (isForeign(owner)) throw new Refused(`${reference} changes an object of Node itself`);
  if (isExports(owner)) throw new Refused(`${reference} changes what a module exports; set data of an object`);
  const made = P.describe(owner, 'constructor');
  if (made !== undefined && typeof made.value === 'function') {
    const prototype = P.describe(made.value, 'prototype');
    if (prototype !== undefined && prototype.value === owner) throw new Refused(`${reference} changes a prototype`);
  }
  if (attribute === '__proto__' || attribute === 'constructor' || attribute === 'prototype') {
    throw new Refused(`${reference} names ${attribute}, which steps may not`);
  }
  if (typeof owner[attribute] === 'function') throw new Refused(`${reference} replaces a function of the target`);
}

async function drained(value) {
  const items = [];
  if (!isObject(value) && typeof value !== 'string') throw new Broken('drain takes something to go through');
  if (typeof value[P.asyncIteratorSymbol] === 'function') {
    for await (const item of value) put(items, items.length, item);
  } else if (typeof value[P.iteratorSymbol] === 'function') {
    for (const item of value) put(items, items.length, item);
  } else {
    throw new Broken('drain takes something to go through');
  }
  return items;
}

module.exports = { Session };
