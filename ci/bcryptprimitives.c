/* Lets programs made by Rust start in Wine 8: they take random bytes from ProcessPrng in
 * bcryptprimitives.dll, which came with Wine 9.  For tests only, never shipped: Windows has the real one.
 * ci/windows builds it and puts it beside each program that it runs.  */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length); /* advapi32's name for RtlGenRandom */

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length)
{
    while (length > 0) {
        ULONG part = length > 0x10000 ? 0x10000 : (ULONG)length; /* lengths are wider here than there */
        if (!SystemFunction036(buffer, part))
            return FALSE;
        buffer += part;
        length -= part;
    }
    return TRUE;
}
