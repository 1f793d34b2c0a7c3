"""What a server's container is made from: adopting, making, changing, exchanging, deleting one."""
