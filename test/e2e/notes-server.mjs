// A small server of the TypeScript SDK, on the standard streams.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const server = new McpServer({ name: 'notes', version: '1.0.0' });
server.registerTool('greet', {
  description: 'Greet someone', annotations: { readOnlyHint: true },
  inputSchema: { name: z.string().describe('Who is greeted') },
}, async ({ name }) => ({ content: [{ type: 'text', text: `Hello, ${name}!` }] }));
server.registerTool('forget', { description: 'Forget everything' },
  async () => ({ content: [{ type: 'text', text: 'forgotten' }] }));
await server.connect(new StdioServerTransport());
