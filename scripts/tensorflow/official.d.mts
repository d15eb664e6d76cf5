export const officialVersion: string;
export function officialUrls(
  manifest: { version: string; binary: { host: string; remote_path: string; napi_versions: number[] } },
  options?: { platform?: string; arch?: string; env?: Record<string, string | undefined> },
): { library: string; binding: string } | undefined;
