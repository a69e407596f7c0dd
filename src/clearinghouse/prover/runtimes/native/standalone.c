/* Stands in for a fuzzing engine: gives each file named as an argument to the fuzz target, once. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C"
#endif
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int count, char **names) {
    for (int index = 1; index < count; index++) {
        FILE *file = fopen(names[index], "rb");
        if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
            fprintf(stderr, "%s: cannot be read\n", names[index]);
            return 2;
        }
        long size = ftell(file);
        rewind(file);
        /* Exactly as large as the input: a byte beyond it is beyond the allocation too. */
        uint8_t *data = (uint8_t *)malloc(size > 0 ? (size_t)size : 1);
        if (size < 0 || data == NULL || fread(data, 1, (size_t)size, file) != (size_t)size) {
            fprintf(stderr, "%s: cannot be read\n", names[index]);
            return 2;
        }
        fclose(file);
        LLVMFuzzerTestOneInput(data, (size_t)size);
        free(data);
    }
    return 0;
}
