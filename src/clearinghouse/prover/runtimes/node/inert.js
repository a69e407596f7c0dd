// An inert stub: every name exists and does nothing, until somebody else puts something there.
const put = new Map();
const inert = new Proxy(function inert() {}, {
  get(target, name) {
    if (put.has(name)) return put.get(name);
    if (name === 'version' || name === 'VERSION') return VERSION_OF_THE_TARGET;
    if (name === 'then' || name === '__esModule') return undefined;
    if (name === 'prototype') return target.prototype;
    if (name === Symbol.toPrimitive) return (hint) => (hint === 'number' ? 0 : '');
    if (name === Symbol.iterator) return function* none() {};
    if (name === Symbol.asyncIterator) return async function* none() {};
    if (typeof name === 'symbol') return undefined;
    return inert;
  },
  set(target, name, value) { put.set(name, value); return true; },
  defineProperty(target, name, property) { put.set(name, property.value); return true; },
  deleteProperty() { return true; },
  apply() { return inert; },
  construct() { return inert; },
});
