package doctor

// Checks returns the table of checks. docs/troubleshooting.md is made of it.
func Checks() []Check {
	return append(onThisMachine(), atServers()...)
}

func onThisMachine() []Check {
	return []Check{
		{
			"programs", "Which programs named kubectl-vsphere are on PATH.",
			"kubectl runs the first one. VMware's plugin has the same name, and contexts of this program do not work with it.",
			"Keep one of them on PATH, or put the directory of the one that you want first.", programs,
		}, {
			"kubeconfig", "Each kubeconfig file: whether it can be read, whether other people can use it, and whether a lock was left. Each context: whether its cluster, user, session and command exist.",
			"kubectl stops at a file that it cannot read. A lock that a killed kubectl left stops all changes. A context without a session gets no token.",
			"Repair what is named, or log in again: a login writes its contexts anew and leaves all others alone.", kubeconfigs,
		}, {
			"store", "The directory of sessions and tokens: whether only you can use it, and whether each file can be read.",
			"The program refuses a store that other people can use, and a file that it cannot read.",
			"Type the command that is printed, or log in again.", storage,
		}, {
			"passwords", "Whether the keychain has the password of each session that needs it, and whether the program of its password command exists.",
			"Without a password, a session is not renewed when its token ends. It is looked up here, and sent nowhere.",
			"Unlock the keychain, or log in again with --save-password or --password-command.", sources,
		}, {
			"proxy", "Whether HTTPS_PROXY can be used, and which servers are reached through a proxy.",
			"A Supervisor is usually in your own network, where a proxy does not lead.",
			"Add the address of the Supervisor to NO_PROXY.", proxies,
		}, {
			"names", "Whether DNS knows the names of your servers.",
			"A server whose name is not known cannot be reached. Often the VPN is off.",
			"Turn the VPN on, or use the IP address of the Supervisor.", names,
		},
	}
}

func atServers() []Check {
	return []Check{
		{
			"ports", "Whether port 443 of each Supervisor (or the port of --server) is open, and port 6443 (or the one that login found).",
			"A login needs the first, kubectl the second.",
			"Ask your network administrator to open the port. If 6443 stays closed, log in again: the contexts then use 443.", ports,
		}, {
			"certificates", "Whether a login accepts the certificate of each server: its CA, its names and its dates.",
			"Nothing is sent to a server whose certificate is not trusted. A CA that has changed was renewed, or somebody stands between you and the server.",
			"Compare the fingerprint with your vSphere administrator, then log in with --replace-ca or --certificate-authority.", certificates,
		}, {
			"clocks", "Whether the clock of this machine and that of each server agree.",
			"With a wrong clock, tokens and certificates seem to have ended, or not to be valid yet.",
			"Set the clock by NTP.", clocks,
		}, {
			"supervisors", "Whether a Supervisor answers at each address, and its version.",
			"vCenter, a cluster or another server at that address cannot log you in.",
			"Use the address of the Supervisor's control plane, which the vSphere Client shows under Workload Management.", supervisors,
		}, {
			"identity", "Which identity providers each Supervisor offers, whether the one of your login is among them, and whether renewals failed.",
			"If the provider is down, nobody can log in and no session is renewed. If it has changed, a password may go to somebody else. " +
				"A provider that is offered may be down all the same: only a login or a renewal shows that.",
			"Wait, or ask your administrator. A session does not end because its provider is down.", identities,
		}, {
			"contexts", "Each context that a login wrote: whether its server answers and accepts the token, who you are there, and whether you may list clusters or pods.",
			"This is what kubectl does. A token that has ended is not renewed here.",
			"Log in again, or ask the owner of the vSphere Namespace or of the cluster for rights.", contexts,
		}, {
			"webhook", "Whether clusters accept tokens that are good. If one does not: whether it is new, was made again, or was deleted.",
			"The API server of a cluster asks a webhook about each token. The webhook starts some minutes after it, and must reach the Supervisor.",
			"Wait some minutes. Then look what is wrong with the cluster: kubectl vsphere describe cluster NAME", webhooks,
		}, {
			"registries", "Whether each registry that you have added answers, and what its clients need: the helper on PATH, docker's config.json, no other login that hides yours, and the CA. Each client on PATH has a place of its own for CAs.",
			"Otherwise, pushing an image asks for a password, or fails because the registry is not trusted.",
			"Type what is printed, such as: kubectl vsphere registry configure", registries,
		},
	}
}
