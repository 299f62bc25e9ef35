import { startHttpServer, type TestHttpServer } from './http-server.ts';

/** An exporter with one metric, `test_exporter_answers`, which counts how often it was asked. */
export function startExporter(): Promise<TestHttpServer> {
  let answers = 0;
  return startHttpServer((_, response) => {
    answers++;
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
    response.end(`# TYPE test_exporter_answers counter\ntest_exporter_answers ${answers}\n`);
  });
}
