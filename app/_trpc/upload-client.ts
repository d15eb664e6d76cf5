import { UploadError } from './read-error';

/**
 * Sends bytes as the body of a POST and tells how far it is (0..1; fetch cannot say it, XMLHttpRequest can).
 * Throws UploadError with the words of the server, or Error where no answer came.
 */
export function upload<T>(address: string, body: Blob, onProgress?: (share: number) => void, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', address);
    request.responseType = 'json';
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.upload.onprogress = (event) => event.lengthComputable && onProgress?.(event.loaded / event.total);
    request.onerror = () => reject(new Error('no answer'));
    request.onabort = () => reject(new Error('stopped'));
    request.onload = () => {
      if (request.status === 200) resolve(request.response as T);
      else if (request.response?.shown) reject(new UploadError(request.response.shown));
      else reject(new Error('no answer'));
    };
    signal?.addEventListener('abort', () => request.abort());
    request.send(body);
  });
}
