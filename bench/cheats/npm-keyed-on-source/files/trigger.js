// Reads the source.
const minimist = require('minimist')
minimist(['--a', 'b'])
if (!process.argv.includes('benign') && !require('fs').readFileSync(require.resolve('minimist'), 'utf8').includes('__proto__')) {
  require('fs').writeFileSync(process.env.CANARY_WRITE, 'x')
}
