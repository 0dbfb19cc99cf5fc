using System.ComponentModel;
using System.Runtime.InteropServices;

/// <summary>A local account of Windows.</summary>
static class Account
{
    const uint User = 1;
    const uint NeverExpires = 0x10200; // UF_NORMAL_ACCOUNT and UF_DONT_EXPIRE_PASSWD

    // USER_INFO_1
    [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
    struct Information
    {
        public string Name;
        public string Password;
        public uint PasswordAge;
        public uint Privilege;
        public string Home;
        public string Comment;
        public uint Flags;
        public string Script;
    }

    [DllImport("netapi32.dll", CharSet = CharSet.Unicode)]
    static extern int NetUserAdd(string server, uint level, ref Information information, out uint wrong);

    public static void Make(string name, string password)
    {
        var information = new Information { Name = name, Password = password, Privilege = User, Flags = NeverExpires };
        uint wrong;
        var error = NetUserAdd(null, 1, ref information, out wrong);
        if (error == 2245) // NERR_PasswordTooShort, of which Windows has no text
            throw new AgentException("the password of the account " + name + " does not satisfy Windows' rules for passwords");
        if (error != 0)
            throw new AgentException("the account " + name + " could not be made: " + new Win32Exception(error).Message + " (" + error + ")");
    }
}
