/* The canary executable of native runs: sends the content of the file TOKEN to the socket DOOR and waits for a byte. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(void) {
    char token[256];
    FILE *file = fopen(TOKEN, "rb");
    if (file == NULL) return 1;
    size_t size = fread(token, 1, sizeof token, file);
    struct sockaddr_un door = {.sun_family = AF_UNIX};
    strcpy(door.sun_path, DOOR);
    int line = socket(AF_UNIX, SOCK_STREAM, 0);
    if (line < 0 || connect(line, (struct sockaddr *)&door, sizeof door) != 0) return 1;
    if (write(line, token, size) != (ssize_t)size) return 1;
    return read(line, token, 1) == 1 ? 0 : 1;
}
