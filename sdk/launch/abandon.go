package launch

// Abandon drops the connection and leaves the process alone, as far as the
// plugin can see the death of its host. A plugin that keeps to the contract
// ends by itself within two seconds; Kill ends one that does not.
func (p *Process) Abandon() {
	if p.detach != nil {
		p.detach()
	}
	p.conn.close()
}
