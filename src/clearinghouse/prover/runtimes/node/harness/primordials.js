'use strict';
// Holds what the harness uses of the language, taken before any code of the target runs: prototypes may be polluted later.
// Promises: nothing here looks a property up on a prototype when it is used.

const { bind, call } = Function.prototype;
const uncurry = bind.bind(call); // uncurry(method)(self, ...args), without looking up `call` again

module.exports = {
  __proto__: null,
  uncurry,
  apply: Reflect.apply,
  construct: Reflect.construct,
  ownKeys: Reflect.ownKeys,
  protoOf: Reflect.getPrototypeOf,
  describe: Reflect.getOwnPropertyDescriptor,
  define: Reflect.defineProperty,
  assign: Reflect.set,
  create: Object.create,
  isArray: Array.isArray,
  isInteger: Number.isInteger,
  isFinite: Number.isFinite,
  round: Math.round,
  parse: JSON.parse,
  quote: JSON.stringify, // of primitives only: an object's toJSON may be anybody's
  text: String,
  number: Number,
  exec: uncurry(RegExp.prototype.exec),
  indexOf: uncurry(String.prototype.indexOf),
  lastIndexOf: uncurry(String.prototype.lastIndexOf),
  startsWith: uncurry(String.prototype.startsWith),
  endsWith: uncurry(String.prototype.endsWith),
  slice: uncurry(String.prototype.slice),
  repeat: uncurry(String.prototype.repeat),
  charCode: uncurry(String.prototype.charCodeAt),
  mapGet: uncurry(Map.prototype.get),
  mapSet: uncurry(Map.prototype.set),
  setHas: uncurry(Set.prototype.has),
  setAdd: uncurry(Set.prototype.add),
  then: uncurry(Promise.prototype.then),
  iteratorSymbol: Symbol.iterator,
  asyncIteratorSymbol: Symbol.asyncIterator,
};
