'use strict';
// Resolves what a step names, and refuses every walk that leaves the target: the rules of form 1 that only show at run time.

const Module = require('module');
const { types } = require('util');
const P = require('./primordials');
const { Broken, Refused } = require('./channel');
const { pathInTree } = require('./frames');
const { Origins, isProxy } = require('./origins');
const { BUILTINS, PLAIN } = require('./builtins');

const HARNESS = 'file:///opt/clearinghouse/';
const INNARDS = { __proto__: null, constructor: true, prototype: true, caller: true, callee: true };
const OF_FUNCTIONS = { __proto__: null, name: true, length: true, arguments: true, toString: true };
const builtinNames = Module.builtinModules;
const loadedNames = process.moduleLoadList || [];
const requireFromTree = Module.createRequire('/opt/target/harness.js');
const moduleCache = requireFromTree.cache;
const ModulePrototype = Module.prototype;
const asObject = Object;
const isNamespace = types.isModuleNamespaceObject;

const origins = new Origins();
const ownNamesAreMarked = P.startsWith(origins.of(Module.createRequire) || '', 'node:');
const loaded = new Map(); // specifier -> exports, or {error}

function isObject(value) {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

// Load a module as `require` does, or as `import` does what cannot be required. Errors are kept for the step that asks.
async function load(specifier) {
  if (P.mapGet(loaded, specifier) !== undefined) return;
  let error = null;
  try {
    P.mapSet(loaded, specifier, { __proto__: null, exports: requireFromTree(specifier) });
    return;
  } catch (first) {
    error = first;
  }
  const code = isObject(error) ? error.code : undefined;
  if (code === 'ERR_REQUIRE_ESM' || code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' || code === 'ERR_REQUIRE_ASYNC_MODULE') {
    try {
      const door = await import('file:///opt/target/import.mjs');
      P.mapSet(loaded, specifier, { __proto__: null, exports: await door.load(specifier) });
      return;
    } catch (second) {
      error = second;
    }
  }
  P.mapSet(loaded, specifier, { __proto__: null, error });
}

function moduleOf(specifier) {
  if (P.endsWith(specifier, '.json') || P.endsWith(specifier, '.node')) {
    throw new Refused(`${specifier} is not a module of JavaScript source`);
  }
  const entry = P.mapGet(loaded, specifier);
  if (entry === undefined) throw new Broken(`cannot import ${specifier}: not loaded`);
  if ('error' in entry) throw new Broken(`cannot import ${specifier}: ${wordsOf(entry.error)}`);
  return entry.exports;
}

function wordsOf(error) {
  try {
    return P.slice(P.text(error), 0, 400);
  } catch (second) {
    return 'an error whose text cannot be made';
  }
}

// {value, holder} of "specifier:export.path": `default` is what `import x from` gives, a CommonJS module itself.
function resolve(reference) {
  const colon = P.lastIndexOf(reference, ':');
  const specifier = P.slice(reference, 0, colon);
  const parts = split(P.slice(reference, colon + 1));
  if (specifier === 'builtins') {
    const found = BUILTINS[P.slice(reference, colon + 1)];
    if (found === undefined) throw new Refused(`${reference} is not an allowed builtin`);
    return { __proto__: null, value: found.value, holder: found.holder };
  }
  refuseBuiltinModule(specifier, reference);
  const exports = moduleOf(specifier);
  if (isNamespace(exports)) return walk(exports, parts, 0, reference);
  if (parts[0] === 'default') {
    refuse(exports, reference);
    return walk(exports, parts, 1, reference);
  }
  return walk(exports, parts, 0, reference);
}

function refuseBuiltinModule(specifier, reference) {
  for (let index = 0; index < builtinNames.length; index++) {
    if (builtinNames[index] === specifier) {
      throw new Refused(`${reference} is not part of the target or a companion, nor an allowed builtin`);
    }
  }
}

function split(path) {
  const parts = [];
  let begin = 0;
  for (;;) {
    const dot = P.indexOf(path, '.', begin);
    P.define(parts, parts.length, {
      __proto__: null, value: P.slice(path, begin, dot < 0 ? path.length : dot), writable: true, enumerable: true, configurable: true,
    });
    if (dot < 0) return parts;
    begin = dot + 1;
  }
}

// Follow properties from an object; {value, holder}, where holder is what a call of the value is made on.
function walk(start, parts, from, reference) {
  let value = start;
  let holder;
  for (let index = from; index < parts.length; index++) {
    const part = parts[index];
    refuseName(value, part, reference);
    if (value === null || value === undefined) throw new Broken(`${reference}: nothing has no property ${part}`);
    // What a module lacks is a mistake; of data, JavaScript says undefined, and so does a step that reads it.
    const missing = !(part in asObject(value));
    if (missing && (index < parts.length - 1 || P.indexOf(reference, ':') >= 0)) {
      throw new Broken(`${reference} does not exist: no property ${part}`);
    }
    holder = value;
    try {
      value = value[part];
    } catch (error) {
      throw new Broken(`${reference}: reading ${part} failed: ${wordsOf(error)}`);
    }
    refuse(value, reference);
  }
  return { __proto__: null, value, holder };
}

function refuseName(value, part, reference) {
  if (INNARDS[part] === true || (P.startsWith(part, '__') && P.endsWith(part, '__'))) {
    throw new Refused(`${reference} names ${part}, which steps may not`);
  }
  if (typeof value === 'function' && OF_FUNCTIONS[part] === true) {
    throw new Refused(`${reference} reads ${part} of a function, which tells releases apart`);
  }
}

// Raise Refused for what does not come from the target, a companion, or the short list of plain builtins.
function refuse(value, reference) {
  if (!isObject(value)) return;
  if (PLAIN.has(value)) return;
  if (typeof value === 'function') {
    refuseFunction(value, reference);
  } else if (isForeign(value)) {
    throw new Refused(`${reference} walks into an object of Node itself, outside the target`);
  }
}

function refuseFunction(value, reference) {
  const url = origins.of(value);
  if (url === null) throw new Refused(`${reference} is a function of the engine, from outside the target`);
  if (P.startsWith(url, 'node:') || P.startsWith(url, HARNESS)) {
    throw new Refused(`${reference} is a function of Node itself, from outside the target`);
  }
  // Before version 16 Node's own scripts have plain names, which any text may be given too.
  const doubtful = !ownNamesAreMarked && url !== '';
  const onDisk = P.startsWith(url, 'file:') || P.startsWith(url, '/');
  if ((onDisk || doubtful) && pathInTree(url) === null) throw new Refused(`${reference} is a function from outside the target`);
}

// The global object, Node's process and modules, the engine's own prototypes, and records of loaded modules.
function isForeign(value) {
  if (value === globalThis || value === process || value === moduleCache || PLAIN.isIntrinsic(value)) return true;
  if (!isProxy(value) && P.protoOf(value) === ModulePrototype) return true;
  for (let index = 0; index < loadedNames.length; index++) {
    const name = loadedNames[index];
    if (!P.startsWith(name, 'NativeModule ') || P.indexOf(name, 'internal/') >= 0) continue;
    const plain = P.slice(name, 13);
    if (plain === 'punycode' || plain === 'sys') continue; // asking for them prints a warning
    if (isPublic(plain) && requireFromTree(plain) === value) return true;
  }
  return false;
}

function isPublic(name) {
  for (let index = 0; index < builtinNames.length; index++) if (builtinNames[index] === name) return true;
  return false;
}

// Whether an object is what some loaded module exports.
function isExports(value) {
  if (isNamespace(value)) return true;
  const paths = P.ownKeys(moduleCache);
  for (let index = 0; index < paths.length; index++) {
    const record = P.describe(moduleCache, paths[index]);
    if (record !== undefined && record.value !== undefined && record.value.exports === value) return true;
  }
  return false;
}

// The path in the tree of the file that a function was written in, or null.
function fileOf(value) {
  const url = origins.of(value);
  return url === null ? null : pathInTree(url);
}

module.exports = { load, resolve, walk, split, refuse, isObject, isForeign, isExports, fileOf, wordsOf, origins };
