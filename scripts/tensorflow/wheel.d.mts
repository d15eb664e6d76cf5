export interface Wheel {
  name: string;
  distribution: string;
  tags: string[];
  sha256: string;
  megabytes: number;
}

export const tensorflowVersion: string;
export function wheelFor(platform?: string, arch?: string): Wheel | undefined;
