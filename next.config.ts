import type { NextConfig } from 'next';
import { securityHeaders } from './app/_server/security-headers';

const development = process.env.NODE_ENV === 'development';

const config: NextConfig = {
  // A second copy (a test's build beside a running one) builds into its own folder.
  distDir: process.env.PLUMBLINE_NEXT_DIR ?? '.next',
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
  allowedDevOrigins: ['127.0.0.1'],
  serverExternalPackages: ['bullmq', 'ioredis', 'pg', 'pino', '@prisma/client', '@prisma/adapter-pg', 'better-auth'],
  compiler: { define: { PLUMBLINE_DEVELOPMENT: development } },
  // Types are checked by `npm run check`, once, over everything.
  typescript: { ignoreBuildErrors: true },
  headers: async () => [{ source: '/:path*', headers: Object.entries(securityHeaders).map(([key, value]) => ({ key, value })) }],
};

export default config;
