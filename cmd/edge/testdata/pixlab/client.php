<?php
// PixLab's calls as PHP programs make them over curl: client.php BASE KEY CALL [ARGUMENT...]
//
// Prints "STATUS VALUE". An answer is JSON only if its content type is exactly
// application/json, which is how PixLab's own class tells replies from pictures.
// With http_proxy in the environment curl sends whole URLs, as the class does that
// has its host written in.
[, $base, $key, $call] = $argv;
$args = array_slice($argv, 4);

function ask($url, $body = null, $headers = [])
{
	$curl = curl_init($url);
	curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
	curl_setopt($curl, CURLOPT_TIMEOUT, 30);
	if ($body !== null) {
		curl_setopt($curl, CURLOPT_POST, true);
		curl_setopt($curl, CURLOPT_POSTFIELDS, $body);
		curl_setopt($curl, CURLOPT_HTTPHEADER, $headers);
	}
	$answer = curl_exec($curl);
	if ($answer === false) {
		fwrite(STDERR, curl_error($curl) . "\n");
		exit(1);
	}
	if (trim((string) curl_getinfo($curl, CURLINFO_CONTENT_TYPE)) !== 'application/json') {
		return null;
	}
	return json_decode($answer);
}

function show($answer, $field = 'link')
{
	if ($answer === null) {
		echo "a blob\n";
	} elseif ($answer->status != 200) {
		echo $answer->status, ' ', $answer->error, "\n";
	} else {
		echo $answer->status, ' ', var_export($answer->$field, true), "\n";
	}
}

$crop = fn() => ['img' => $args[0], 'x' => $args[1], 'y' => $args[2], 'width' => $args[3], 'height' => $args[4], 'key' => $key];
switch ($call) {
	case 'copy':
		show(ask("$base/copy?" . http_build_query(['img' => $args[0], 'key' => $key])));
		break;
	case 'store':
		show(ask("$base/store?", ['comment' => 'a picture', 'key' => $key, 'file' => curl_file_create(realpath($args[0]))]));
		break;
	case 'delete':
		show(ask("$base/delete?" . http_build_query(['link' => $args[0], 'key' => $key])), 'deleted');
		break;
	case 'crop':
		show(ask("$base/crop?" . http_build_query($crop())));
		break;
	case 'crop-json':
		show(ask("$base/crop?", json_encode($crop()), ['Content-Type: application/json']));
		break;
	case 'crop-blob':
		show(ask("$base/crop?" . http_build_query($crop() + ['blob' => true])));
		break;
	case 'oilpaint':
		show(ask("$base/oilpaint?" . http_build_query(['img' => $args[0], 'radius' => 3, 'key' => $key])));
		break;
	default:
		fwrite(STDERR, "no such call\n");
		exit(1);
}
