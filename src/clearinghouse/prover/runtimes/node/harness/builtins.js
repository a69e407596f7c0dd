'use strict';
// Lists what steps may use of the language itself: makers of plain data and methods of plain data, nothing that opens,
// runs or connects; and knows the engine's own prototypes, which nobody may walk into or change.

const P = require('./primordials');

// "builtins:Date" and the like.
const MAKERS = [
  ['Array', Array], ['ArrayBuffer', ArrayBuffer], ['Boolean', Boolean], ['Buffer', Buffer], ['DataView', DataView],
  ['Date', Date], ['Map', Map], ['Number', Number], ['Set', Set], ['String', String], ['URL', URL],
  ['URLSearchParams', URLSearchParams], ['Uint8Array', Uint8Array], ['BigInt', BigInt],
];
const METHODS = [
  ['Array.from', Array, 'from'], ['Buffer.alloc', Buffer, 'alloc'], ['Buffer.concat', Buffer, 'concat'],
  ['Buffer.from', Buffer, 'from'], ['JSON.parse', JSON, 'parse'], ['JSON.stringify', JSON, 'stringify'],
  ['Object.keys', Object, 'keys'], ['Object.entries', Object, 'entries'], ['String.fromCharCode', String, 'fromCharCode'],
];
const BUILTINS = P.create(null);
const allowed = new Set();
const intrinsics = new Set();

for (const [name, value] of MAKERS) {
  BUILTINS[name] = { __proto__: null, value, holder: undefined };
  allowed.add(value);
}
for (const [name, holder, method] of METHODS) {
  BUILTINS[name] = { __proto__: null, value: holder[method], holder };
  allowed.add(holder[method]);
}

const iteratorPrototype = P.protoOf(P.protoOf([][Symbol.iterator]()));
const generatorPrototype = P.protoOf(P.protoOf((function* () {})()));
const asyncGeneratorPrototype = P.protoOf(P.protoOf((async function* () {})()));
const DATA_PROTOTYPES = [
  Array.prototype, Boolean.prototype, Buffer.prototype, Date.prototype, Map.prototype, Number.prototype, RegExp.prototype,
  Set.prototype, String.prototype, URL.prototype, URLSearchParams.prototype, P.protoOf(Uint8Array.prototype),
  P.protoOf([][Symbol.iterator]()), P.protoOf(new Map()[Symbol.iterator]()), P.protoOf(new Set()[Symbol.iterator]()),
  P.protoOf(''[Symbol.iterator]()), generatorPrototype, asyncGeneratorPrototype,
];
for (const prototype of DATA_PROTOTYPES) {
  for (const key of Reflect.ownKeys(prototype)) {
    const found = Reflect.getOwnPropertyDescriptor(prototype, key);
    // RegExp.prototype.compile would rewrite a pattern of the target's.
    if (key !== 'constructor' && key !== 'compile' && typeof found.value === 'function') allowed.add(found.value);
  }
  intrinsics.add(prototype);
}
for (const key of ['hasOwnProperty', 'toString', 'valueOf', 'propertyIsEnumerable', 'toLocaleString']) {
  allowed.add(Object.prototype[key]);
}
for (const name of Object.getOwnPropertyNames(globalThis)) {
  const found = Reflect.getOwnPropertyDescriptor(globalThis, name);
  if (typeof found.value !== 'function') continue;
  const prototype = Reflect.getOwnPropertyDescriptor(found.value, 'prototype');
  if (prototype !== undefined && typeof prototype.value === 'object' && prototype.value !== null) {
    intrinsics.add(prototype.value);
  }
}
for (const value of [Function.prototype, iteratorPrototype, Reflect, Atomics, Intl, WebAssembly, Proxy]) intrinsics.add(value);

module.exports = {
  BUILTINS,
  PLAIN: {
    __proto__: null,
    has: (value) => P.setHas(allowed, value),
    isIntrinsic: (value) => P.setHas(intrinsics, value),
  },
};
