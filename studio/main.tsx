import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/steps.css';
import { render } from 'preact';
import { App } from './app.js';
import { lookAround, stayOffline } from './work/here.js';
import { takeUp } from './work/train.js';

render(<App />, document.getElementById('page')!);
void stayOffline();
void lookAround().then(takeUp);
