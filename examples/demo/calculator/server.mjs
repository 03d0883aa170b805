import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

// Serves the page on loopback. PORT says where, 8080 by default; GET /health says that it is up.

const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/calculator.mjs': ['calculator.mjs', 'text/javascript; charset=utf-8'],
};

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/health') return answer(response, 200, 'application/json', '{"status":"ok"}');
  const [file, type] = FILES[pathname] ?? [];
  if (!file) return answer(response, 404, 'text/plain', 'Not found');
  answer(response, 200, type, await readFile(new URL(`./public/${file}`, import.meta.url)));
});

function answer(response, status, type, body) {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}

const port = Number(process.env.PORT ?? 8080);
server.listen(port, '127.0.0.1', () => console.log(`Calculator on http://127.0.0.1:${server.address().port}`));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
