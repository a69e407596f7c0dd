"""Programs and libraries in C and C++, built from source by the finder's recipe with OSS-Fuzz's variables."""
