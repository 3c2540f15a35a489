require('../dist/zz/program.cjs').runProgram(process.argv.slice(2));
