/* The least that a program can do which runs another one. */
#include <unistd.h>

int main(int argc, char **argv)
{
	(void)argc;
	execv(argv[1], argv + 1);
	return 127;
}
