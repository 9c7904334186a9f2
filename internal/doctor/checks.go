package doctor

// Checks returns the table of checks. docs/troubleshooting.md is made of it.
func Checks() []Check {
	return []Check{
		{
			"programs", "Which programs named kubectl-vsphere are on PATH.",
			"kubectl runs the first one. VMware's plugin has the same name, and contexts of this program do not work with it.",
			"Keep one of them on PATH, or put the directory of the one that you want first.", programs,
		}, {
			"kubeconfig", "Each file of KUBECONFIG: that it can be read, who else can use it, and locks that were left. Each context: that its parts, its session and its command exist.",
			"A file that cannot be read stops kubectl. A lock that a killed kubectl left stops all changes. An entry without a session gets no token.",
			"Repair what is named, or log in again: a login writes its contexts anew and leaves all others alone.", kubeconfigs,
		}, {
			"store", "The directory of sessions and tokens: that it is yours alone, and that each file can be read.",
			"A store that others can use, or a file that cannot be read, is refused.",
			"Type the command that is printed, or log in again.", storage,
		}, {
			"passwords", "The keychain or the password command of each session.",
			"Without its source, a session is not renewed when its token ends. The password is looked for, and not sent.",
			"Unlock the keychain, or log in again with --save-password or --password-command.", sources,
		}, {
			"proxy", "HTTPS_PROXY and NO_PROXY, and which servers are reached through a proxy.",
			"A Supervisor is usually inside of your network, where a proxy does not lead.",
			"Add the address of the Supervisor to NO_PROXY.", proxies,
		}, {
			"names", "The names of servers in DNS.",
			"A name that is not found there cannot be reached. Often a VPN is off.",
			"Turn the VPN on, or use the IP address of the Supervisor.", names,
		}, {
			"ports", "Port 443 of each Supervisor (or the port of --server), and port 6443 (or the one that login found).",
			"A login needs the first, kubectl the second.",
			"Ask your network administrator to open the port. Where 6443 stays closed, log in again: the contexts then use 443.", ports,
		}, {
			"certificates", "The certificate of each server: its CA, names and end, as a login verifies them.",
			"Nothing is sent to a server whose certificate is not trusted. A changed CA is either a renewal or an attack.",
			"Compare the fingerprint with your vSphere administrator, then log in with --replace-ca or --certificate-authority.", certificates,
		}, {
			"clocks", "The clock of this machine and that of each server.",
			"With a wrong clock, tokens and certificates count as ended or as not valid yet.",
			"Set the clock by NTP.", clocks,
		}, {
			"supervisors", "Whether a Supervisor answers at each address, and its version.",
			"vCenter, a cluster or another server at that address cannot log you in.",
			"Use the address of the Supervisor's control plane, which the vSphere Client shows under Workload Management.", supervisors,
		}, {
			"identity", "The identity provider of each Supervisor, the providers behind it, and outages that renewals met.",
			"If the provider is down, nobody can log in and no session is renewed. If it has changed, a password may go to somebody else.",
			"Wait, or ask your administrator. A session does not end because its provider is down.", identities,
		}, {
			"contexts", "Each context that login wrote: whether its server answers and takes the token, who you are there, and whether you may list.",
			"This is what kubectl does. A token that has ended is not renewed here.",
			"Log in again, or ask the owner of the vSphere Namespace or of the cluster for rights.", contexts,
		}, {
			"webhook", "Whether clusters take tokens that are good.",
			"The API server of a cluster asks a webhook about tokens, which starts some minutes after it and needs to reach the Supervisor.",
			"Wait some minutes. Then look what is wrong with the cluster: kubectl vsphere describe cluster NAME", webhooks,
		}, {
			"registries", "What docker and other registry clients need: the helper on PATH, docker's config.json, other logins that hide yours, the CA, and whether the registry takes your login.",
			"Otherwise, pushing an image asks for a password, or fails since the registry is not trusted.",
			"Type what is printed, such as: kubectl vsphere registry configure", registries,
		},
	}
}
