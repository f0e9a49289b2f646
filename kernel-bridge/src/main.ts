import { main } from './cli/program';

void main(process.argv).then(code => {
  // Set, not called: what is on its way to a pipe still gets out.
  process.exitCode = code;
});
